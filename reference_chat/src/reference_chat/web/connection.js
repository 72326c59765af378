// The socket: it connects again when it is lost, and goes on with every run where it was. Nothing is lost, nothing twice.

const PING_EVERY = 20_000;
const PONG_WITHIN = 8_000;
const READY_WITHIN = 10_000;
const FIRST_WAIT = 400;
const LONGEST_WAIT = 15_000;
const ENDS = new Set(["agent_completed", "agent_error"]);

export class Connection extends EventTarget {
  #api;
  #socket = null;
  #wanted = false;
  #ready = false;
  #attempts = 0;
  #timers = new Map();
  #runs = new Map(); // run -> { last: number of the last event that came, asked: where a gap was asked for }
  #unanswered = []; // { message, draft, sent }: those whose run has not started yet, oldest first

  constructor(api) {
    super();
    this.#api = api;
    addEventListener("online", () => this.#hurry());
    addEventListener("offline", () => this.#check());
    document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && this.#hurry());
  }

  open() {
    this.#wanted = true;
    this.#connect();
  }

  close() {
    this.#wanted = false;
    this.#runs.clear();
    this.#unanswered = [];
    this.#stopTimers();
    this.#drop();
    this.#tell("state", "offline");
  }

  // Sends a message now, or as soon as there is a connection. Sent twice it starts one run: it keeps its request_id.
  // The first message of a `draft` makes the thread that the others wait for.
  ask(text, threadId, draft) {
    const message = { type: "user_message", text, request_id: crypto.randomUUID?.() ?? randomId() };
    if (threadId) message.thread_id = threadId;
    this.#unanswered.push({ message, draft: threadId ? null : draft, sent: false });
    this.#flush();
    return message.request_id;
  }

  // Tells all events of a run, from its first one.
  follow(runId) {
    this.#runs.set(runId, { last: -1, asked: -2 });
    if (this.#ready) this.#send({ type: "resume", run_id: runId, after: -1 });
  }

  #flush() {
    if (!this.#ready) return;
    const drafts = new Set();
    for (const one of this.#unanswered) {
      if (!one.sent && !(one.draft && drafts.has(one.draft))) {
        one.sent = true;
        this.#send(one.message);
      }
      drafts.add(one.draft);
    }
  }

  async #connect() {
    if (!this.#wanted || this.#socket) return;
    this.#tell("state", this.#attempts ? "lost" : "connecting");
    try {
      if (!this.#api.token) await this.#api.refresh();
    } catch (error) {
      this.#failed(error);
      return;
    }
    if (!this.#wanted || this.#socket) return;
    const scheme = location.protocol === "https:" ? "wss" : "ws";
    const socket = new WebSocket(`${scheme}://${location.host}/ws`, ["chat.v1", `bearer.${this.#api.token}`]);
    let opened = false;
    this.#socket = socket;
    this.#after("ready", READY_WITHIN, () => this.#lose(socket, opened));
    socket.onopen = () => (opened = true);
    socket.onmessage = (event) => this.#socket === socket && this.#received(event.data);
    socket.onclose = (event) => this.#lose(socket, opened, event.code);
  }

  #received(data) {
    let frame;
    try {
      frame = JSON.parse(data);
    } catch {
      return;
    }
    this.#after("pong", null);
    this.#after("ping", PING_EVERY, () => this.#check());
    if (frame.type === "connection_ready") this.#welcomed(frame);
    else if (frame.type === "error") this.#refused(frame.payload ?? {});
    else if (frame.run_id) this.#event(frame);
  }

  #welcomed(frame) {
    this.#after("ready", null);
    const seconds = frame.payload?.expires_in;
    if (seconds > 0) this.#after("renew", Math.min(seconds * 800, 2 ** 31 - 1), () => this.#renew());
    if (this.#ready) return; // the answer to a newer token
    this.#ready = true;
    this.#attempts = 0;
    this.#tell("state", "online");
    for (const [runId, { last }] of this.#runs) this.#send({ type: "resume", run_id: runId, after: last });
    for (const one of this.#unanswered) one.sent = false;
    this.#flush();
  }

  #event(frame) {
    const { run_id: runId, seq } = frame;
    if (!this.#runs.has(runId)) {
      if (seq !== 0) return; // the end of a run that was followed to its end before
      this.#started(frame);
    }
    const run = this.#runs.get(runId);
    if (seq <= run.last) return;
    if (seq > run.last + 1 && run.asked !== run.last) {
      run.asked = run.last; // asked once: what is not there then will never be
      this.#send({ type: "resume", run_id: runId, after: run.last });
      return;
    }
    run.last = seq;
    this.#tell("event", frame);
    if (ENDS.has(frame.type) && !frame.step_id) this.#runs.delete(runId);
  }

  #started({ run_id: runId, thread_id: threadId }) {
    this.#runs.set(runId, { last: -1, asked: -2 });
    const at = this.#unanswered.findIndex((one) => one.sent);
    if (at < 0) return;
    const [{ message, draft }] = this.#unanswered.splice(at, 1);
    for (const one of this.#unanswered) {
      if (draft && one.draft === draft) {
        one.message.thread_id = threadId;
        one.draft = null;
      }
    }
    this.#tell("started", { runId, threadId, requestId: message.request_id });
    this.#flush();
  }

  #refused({ code, message, request_id: requestId }) {
    const at = this.#unanswered.findIndex((one) => one.message.request_id === requestId);
    if (at >= 0) this.#unanswered.splice(at, 1);
    this.#tell("refused", { code, message, requestId: at >= 0 ? requestId : null });
    this.#flush();
  }

  // Asks whether anybody is there; a connection that does not answer is lost, whatever the system says of it.
  #check() {
    const socket = this.#socket;
    if (!socket || !this.#ready) return;
    this.#send({ type: "ping", payload: {} });
    this.#after("pong", PONG_WITHIN, () => this.#lose(socket, true));
  }

  #hurry() {
    if (this.#ready) this.#check();
    else if (this.#wanted && !this.#socket) {
      this.#after("again", null);
      this.#connect();
    }
  }

  async #renew() {
    try {
      await this.#api.refresh();
      if (this.#ready) this.#send({ type: "authenticate", token: this.#api.token });
    } catch (error) {
      if (error.status === 401) this.#failed(error);
      else this.#after("renew", FIRST_WAIT * 10, () => this.#renew());
    }
  }

  async #lose(socket, opened, code) {
    if (this.#socket !== socket) return;
    this.#drop();
    this.#stopTimers();
    if (!this.#wanted) return;
    this.#tell("state", "lost");
    if (!opened || code === 1008) {
      // Refused, or not reached; a browser does not say. Another question does, and gets a new token if need be. (Not
      // each time: an answer with a new token that is lost on its way would end the session.)
      try {
        await this.#api.call("GET", "/auth/me");
      } catch (error) {
        this.#failed(error);
        return;
      }
    }
    this.#again();
  }

  #failed(error) {
    if (error.status === 401) {
      this.close();
      this.#tell("ended", null);
    } else this.#again();
  }

  #again() {
    if (!this.#wanted) return;
    const wait = Math.min(FIRST_WAIT * 2 ** this.#attempts++, LONGEST_WAIT);
    this.#after("again", wait * (0.75 + Math.random() / 2), () => this.#connect());
    this.#tell("state", "lost");
  }

  #drop() {
    const socket = this.#socket;
    this.#socket = null;
    this.#ready = false;
    if (socket) {
      socket.onopen = socket.onmessage = socket.onclose = null;
      socket.close();
    }
  }

  #send(message) {
    this.#socket.send(JSON.stringify(message));
  }

  #after(name, milliseconds, act) {
    clearTimeout(this.#timers.get(name));
    this.#timers.delete(name);
    if (milliseconds !== null) this.#timers.set(name, setTimeout(act, milliseconds));
  }

  #stopTimers() {
    for (const name of [...this.#timers.keys()]) this.#after(name, null);
  }

  #tell(type, detail) {
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }
}

// `randomUUID` is there in secure contexts alone.
function randomId() {
  return [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
