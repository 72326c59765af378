// The page: log in, ask, watch the answer come, find it again.

import { Api, sentence } from "/api.js";
import { Connection } from "/connection.js";
import { announce, element, showThreads, Turn } from "/view.js";

const THREAD = "chat.thread";
const MOST_BYTES = 8192;
const STATES = { online: "connected", connecting: "connecting", lost: "connection lost", offline: "offline" };

const api = new Api();
const connection = new Connection(api);
const turns = new Map(); // run or request -> turn
let threadId = null;
let threads = [];
let registering = false;
let opening = 0;
let draft = {}; // the thread that the next question makes

async function start() {
  if (!api.mayResume) return showSignIn();
  try {
    await api.refresh();
    await enter();
  } catch (error) {
    showSignIn(error.status === 401 ? "" : error.message);
  }
}

async function enter() {
  const user = await api.call("GET", "/auth/me");
  element("user").textContent = user.name;
  element("user").title = user.email;
  for (const id of ["user", "log-out", "connection", "chat", "threads-button"]) element(id).hidden = false;
  element("sign-in").hidden = true;
  connection.open(); // lists the threads as soon as it is there
  const before = sessionStorage.getItem(THREAD);
  if (before) await openThread(before);
  else newThread();
  element("message").focus();
}

function showSignIn(message = "") {
  for (const id of ["user", "log-out", "connection", "chat", "threads-button"]) element(id).hidden = true;
  element("sign-in").hidden = false;
  showError(message);
  element("email").focus();
}

function leave(message = "") {
  connection.close();
  api.forget();
  sessionStorage.removeItem(THREAD);
  threads = [];
  newThread();
  showThreads([], null, openThread);
  element("password").value = "";
  showSignIn(message);
}

function showError(message) {
  element("sign-in-error").textContent = message;
  element("sign-in-error").hidden = !message;
}

function setRegistering(wanted) {
  registering = wanted;
  const verb = wanted ? "Register" : "Log in";
  element("sign-in-title").textContent = verb;
  element("sign-in-submit").textContent = verb;
  element("name-field").hidden = !wanted;
  element("name").required = wanted;
  element("password").autocomplete = wanted ? "new-password" : "current-password";
  element("switch-text").textContent = wanted ? "Have an account?" : "No account yet?";
  element("switch").textContent = wanted ? "Log in" : "Register";
  showError("");
  (wanted ? element("name") : element("email")).focus();
}

async function signIn() {
  const [email, password, name] = ["email", "password", "name"].map((id) => element(id).value);
  const submit = element("sign-in-submit");
  submit.disabled = true;
  try {
    if (registering) await api.register(email, password, name);
    await api.logIn(email, password);
    element("password").value = "";
    if (registering) setRegistering(false);
    await enter();
  } catch (error) {
    showError(error.message);
    element("sign-in-form").querySelector("input:not([hidden])")?.focus();
  } finally {
    submit.disabled = false;
  }
}

async function listThreads() {
  threads = (await api.call("GET", "/threads")).threads;
  showThreads(threads, threadId, openThread);
}

function newThread() {
  opening += 1;
  draft = {};
  setThread(null);
  clearTurns();
  element("welcome").hidden = false;
  element("message").focus();
}

function setThread(id) {
  threadId = id;
  if (id) sessionStorage.setItem(THREAD, id);
  else sessionStorage.removeItem(THREAD);
  showThreads(threads, id, openThread);
  showDrawer(false);
}

function clearTurns() {
  turns.clear();
  element("turns").querySelectorAll(".turn").forEach((turn) => turn.remove());
}

async function openThread(id) {
  const mine = ++opening; // another may be opened before this one is there
  clearTurns();
  setThread(id);
  element("welcome").hidden = true;
  let conversation;
  try {
    conversation = await api.call("GET", `/threads/${encodeURIComponent(id)}`);
  } catch (error) {
    if (mine !== opening) return;
    if (error.status === 404) newThread();
    note(error.message);
    return;
  }
  const live = mine === opening ? [...turns.values()] : []; // what was asked meanwhile
  const status = new Map(conversation.runs.map((run) => [run.run_id, run.status]));
  for (const message of conversation.messages) {
    if (mine !== opening) return;
    if (message.role === "user" && !turns.has(message.run_id)) {
      await showRun(conversation, message, status.get(message.run_id));
    }
  }
  for (const turn of live) element("turns").append(turn.element);
  scrollDown();
}

async function showRun(conversation, question, status) {
  const runId = question.run_id;
  const answer = conversation.messages.find((message) => message.run_id === runId && message.role !== "user");
  if (answer) {
    addTurn(runId, Turn.remembered(question.text, answer.text, () => eventsOf(runId)));
    return;
  }
  const turn = addTurn(runId, new Turn(question.text));
  if (status === "running") connection.follow(runId);
  else for (const event of await eventsOf(runId)) turn.show(event);
}

async function eventsOf(runId) {
  const events = [];
  for (;;) {
    const after = events.length ? events.at(-1).seq : -1;
    const page = await api.call("GET", `/runs/${encodeURIComponent(runId)}/events?after=${after}`);
    events.push(...page.events);
    if (!page.more || !page.events.length) return events;
  }
}

function addTurn(key, turn) {
  turns.set(key, turn);
  element("welcome").hidden = true;
  element("turns").append(turn.element);
  return turn;
}

function ask(text) {
  const requestId = connection.ask(text, threadId, draft);
  const turn = addTurn(requestId, new Turn(text));
  if (element("connection").dataset.state !== "online") turn.waiting("Waits for the connection");
  scrollDown();
}

function onStarted({ runId, threadId: thread, requestId }) {
  const turn = turns.get(requestId);
  if (turn) {
    turns.delete(requestId);
    turns.set(runId, turn);
    if (!threadId) setThread(thread);
  }
  if (!threads.some((one) => one.thread_id === thread)) listThreads().catch(() => {});
}

function onEvent(event) {
  const turn = turns.get(event.run_id);
  if (!turn) return;
  const log = element("turns");
  const atEnd = log.scrollHeight - log.scrollTop - log.clientHeight < 80;
  turn.show(event);
  if (atEnd) scrollDown();
  if (event.step_id) return;
  if (event.type === "agent_started") announce("The agent has started.");
  else if (event.type === "agent_completed") announce(`Answer: ${event.payload.final_response ?? ""}`);
  else if (event.type === "agent_error") announce(`Not answered: ${event.payload.error?.message ?? ""}`);
}

function onRefused({ message, requestId }) {
  const turn = requestId && turns.get(requestId);
  if (turn) turn.fail(sentence(message));
  else note(sentence(message));
}

function note(text) {
  element("composer-note").textContent = text;
}

function scrollDown() {
  element("turns").scrollTop = element("turns").scrollHeight;
}

function showDrawer(open) {
  element("threads").dataset.open = String(open);
  element("threads-button").setAttribute("aria-expanded", String(open));
  if (open) element("new-thread").focus();
}

// The box grows with the text, and says when the text becomes too long.
function measure() {
  const box = element("message");
  box.style.height = "auto";
  box.style.height = `${Math.min(box.scrollHeight + 2, innerHeight / 3)}px`;
  const bytes = new TextEncoder().encode(box.value).length;
  element("send").disabled = bytes > MOST_BYTES || !box.value.trim();
  note(bytes > MOST_BYTES - 1024 ? `${bytes} of ${MOST_BYTES} bytes` : "");
}

function submit() {
  const box = element("message");
  if (!box.value.trim() || element("send").disabled) return;
  ask(box.value);
  box.value = "";
  measure();
  box.focus();
}

element("sign-in-form").addEventListener("submit", (event) => {
  event.preventDefault();
  signIn();
});
element("switch").addEventListener("click", () => setRegistering(!registering));
element("log-out").addEventListener("click", async () => {
  connection.close();
  await api.logOut().catch(() => {});
  leave();
});
element("new-thread").addEventListener("click", newThread);
element("threads-button").addEventListener("click", () => showDrawer(element("threads").dataset.open !== "true"));
element("composer").addEventListener("submit", (event) => {
  event.preventDefault();
  submit();
});
element("message").addEventListener("input", measure);
element("message").addEventListener("keydown", (event) => {
  if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
    event.preventDefault();
    submit();
  }
});
element("examples").addEventListener("click", (event) => {
  const button = event.target.closest("button");
  if (button) ask(button.dataset.text ?? button.textContent);
});
element("turns").addEventListener("again", ({ detail }) => ask(detail));
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape") showDrawer(false);
});
connection.addEventListener("state", ({ detail }) => {
  element("connection").dataset.state = detail;
  element("connection-text").textContent = STATES[detail];
  if (detail === "online") listThreads().catch(() => {});
});
connection.addEventListener("started", ({ detail }) => onStarted(detail));
connection.addEventListener("event", ({ detail }) => onEvent(detail));
connection.addEventListener("refused", ({ detail }) => onRefused(detail));
connection.addEventListener("ended", () => leave("The session has ended. Log in again."));
measure();
start();
