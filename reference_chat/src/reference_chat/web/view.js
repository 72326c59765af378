// What is shown of a run. Everything that came from outside is put in as text, never as markup.

import { sentence } from "/api.js";

export const element = (id) => document.getElementById(id);

function make(tag, className, text) {
  const made = document.createElement(tag);
  if (className) made.className = className;
  if (text !== undefined) made.textContent = text;
  return made;
}

const AGENTS = { triage: "Triage", data: "Data", report: "Report", assistant: "Assistant" };

// A question, the events of its run as they come, and its answer.
export class Turn {
  #steps = make("ol", "steps");
  #summary = make("summary", null, "Sent");
  #details = make("details", "work");
  #answer = make("div", "answer");
  #count = 0;
  #began = null;
  #ended = null;
  #thinking = null;
  #again = make("button", "again", "Ask again");

  constructor(question) {
    this.element = make("article", "turn");
    this.element.dataset.state = "sent";
    this.element.append(make("p", "question", question));
    this.#details.open = true;
    this.#details.append(this.#summary, this.#steps);
    this.#answer.hidden = true;
    this.#again.type = "button";
    this.#again.hidden = true;
    this.#again.addEventListener("click", () => {
      this.element.dispatchEvent(new CustomEvent("again", { bubbles: true, detail: question }));
    });
    this.element.append(this.#details, this.#answer, this.#again);
  }

  get isOver() {
    return this.element.dataset.state === "completed" || this.element.dataset.state === "failed";
  }

  // An answer of earlier, whose events are fetched when somebody wants to see them.
  static remembered(question, answer, fetchEvents) {
    const turn = new Turn(question);
    turn.#details.open = false;
    turn.#summary.textContent = "How it was answered";
    turn.#show(answer, "completed");
    let fetched = false;
    turn.#details.addEventListener("toggle", async () => {
      if (fetched || !turn.#details.open) return;
      fetched = true;
      try {
        for (const event of await fetchEvents()) turn.show(event);
      } catch (error) {
        fetched = false;
        turn.#details.open = false;
        turn.waiting(error.message);
      }
    });
    return turn;
  }

  waiting(text) {
    this.#summary.textContent = text;
  }

  show(event) {
    this.#count += 1;
    this.#began ??= Date.parse(event.timestamp);
    const handle = this[`_${event.type}`];
    if (handle) handle.call(this, event, event.payload ?? {});
    if (event.type !== "agent_thinking") this.#thinking = null;
    if (this.isOver) this.#ended ??= Date.parse(event.timestamp);
    this.#summarize();
  }

  fail(message) {
    this.#show(message, "failed");
    this.#summary.textContent = "Not sent";
  }

  _agent_started(event, payload) {
    if (event.step_id) this.#step(event, `${agent(event)} starts`, payload.task);
    else {
      this.element.dataset.state = "running";
      this.#step(event, "Started");
    }
  }

  // Thoughts come in parts; parts of one thought are one step.
  _agent_thinking(event, payload) {
    const thought = String(payload.thought ?? "");
    if (payload.partial) {
      if (this.#continues("partial", event)) this.#thinking.words += thought;
      else this.#thinking = { kind: "partial", step_id: event.step_id, words: thought, text: this.#step(event, "Writing") };
      if (event.step_id) this.#thinking.text.textContent = shortened(this.#thinking.words);
      else if (!this.isOver) this.#draft(this.#thinking.words);
    } else if (payload.delta && this.#continues("delta", event)) this.#thinking.text.textContent += thought;
    else {
      const text = this.#step(event, "Thinking", thought);
      this.#thinking = { kind: payload.delta ? "delta" : "thought", step_id: event.step_id, text };
    }
  }

  #continues(kind, event) {
    return this.#thinking?.kind === kind && this.#thinking.step_id === event.step_id;
  }

  _tool_executing(event, payload) {
    this.#step(event, `Uses ${payload.tool_name}`, given(payload.arguments));
  }

  _tool_completed(event, payload) {
    const result = payload.error ? payload.error.message ?? payload.error : payload.results?.summary ?? JSON.stringify(payload.results);
    const text = this.#step(event, payload.error ? "Tool failed" : "Result", shortened(result));
    if (payload.error) text.parentElement.classList.add("bad");
  }

  _agent_completed(event, payload) {
    const result = payload.final_response ?? payload.result ?? "";
    if (event.step_id) this.#step(event, `${agent(event)} is done`, shortened(result));
    else {
      this.#step(event, "Answered");
      this.#show(String(result), "completed");
    }
  }

  _agent_error(event, payload) {
    const message = sentence(payload.error?.message ?? payload.error ?? "the run failed");
    const text = this.#step(event, event.step_id ? `${agent(event)} failed` : "Failed", message);
    text.parentElement.classList.add("bad");
    if (!event.step_id) this.#show(message, "failed");
  }

  #step(event, label, text = "") {
    const item = make("li", event.step_id ? "sub" : null);
    item.dataset.type = event.type;
    const said = make("span", "said", text ?? "");
    item.append(make("span", "label", label), said);
    this.#steps.append(item);
    return said;
  }

  #draft(text) {
    this.#answer.hidden = false;
    this.#answer.textContent = text;
  }

  #show(text, state) {
    this.element.dataset.state = state;
    this.#answer.hidden = false;
    this.#answer.textContent = text;
    this.#again.hidden = state !== "failed";
  }

  #summarize() {
    const events = this.#count === 1 ? "1 event" : `${this.#count} events`;
    if (!this.isOver) this.#summary.textContent = `Working: ${events}`;
    else if (this.#ended !== null) {
      const seconds = Math.max(0, (this.#ended - this.#began) / 1000);
      this.#summary.textContent = `${events} in ${seconds.toFixed(seconds < 10 ? 2 : 0)} s`;
    }
  }
}

function agent(event) {
  return AGENTS[event.agent_name] ?? event.agent_name;
}

// Arguments of a tool are JSON, not always valid; their values say enough.
function given(json) {
  try {
    return shortened(Object.values(JSON.parse(json)).join(", "));
  } catch {
    return shortened(json);
  }
}

function shortened(value) {
  const text = typeof value === "string" ? value : JSON.stringify(value ?? "");
  return text.length > 240 ? `${text.slice(0, 240)}…` : text;
}

// The list of threads; the one that is open is marked.
export function showThreads(threads, openId, open) {
  const list = element("thread-list");
  list.replaceChildren(
    ...threads.map((thread) => {
      const item = make("li");
      const button = make("button", "thread", thread.title || "Untitled");
      button.type = "button";
      button.title = thread.title;
      button.dataset.thread = thread.thread_id;
      if (thread.thread_id === openId) button.setAttribute("aria-current", "true");
      button.addEventListener("click", () => open(thread.thread_id));
      item.append(button);
      return item;
    }),
  );
  element("no-threads").hidden = threads.length > 0;
}

export function announce(text) {
  element("announcer").textContent = text;
}
