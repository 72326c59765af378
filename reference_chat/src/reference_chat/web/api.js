// The HTTP part of the service, and the session: access token in memory, refresh token for as long as the tab lives.

const KEY = "chat.refresh_token";

export class ApiError extends Error {
  constructor(status, code, message) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

export class Api {
  #access = null;
  #refreshing = null;

  get token() {
    return this.#access;
  }

  get mayResume() {
    return sessionStorage.getItem(KEY) !== null;
  }

  async register(email, password, name) {
    await this.#fetch("POST", "/auth/register", { email, password, name });
  }

  async logIn(email, password) {
    this.#keep(await this.#fetch("POST", "/auth/login", { email, password }));
  }

  // A refresh token is good once, so whoever needs a new session at the same time waits for the same answer.
  refresh() {
    this.#refreshing ??= this.#refresh().finally(() => {
      this.#refreshing = null;
    });
    return this.#refreshing;
  }

  async logOut() {
    try {
      await this.call("POST", "/auth/logout");
    } finally {
      this.forget();
    }
  }

  forget() {
    this.#access = null;
    sessionStorage.removeItem(KEY);
  }

  // What an endpoint answers; with a session that has run out, once more with a new one.
  async call(method, path, body) {
    if (!this.#access) await this.refresh();
    try {
      return await this.#fetch(method, path, body, this.#access);
    } catch (error) {
      if (error.status !== 401) throw error;
      await this.refresh();
      return await this.#fetch(method, path, body, this.#access);
    }
  }

  async #refresh() {
    const token = sessionStorage.getItem(KEY);
    if (!token) throw new ApiError(401, "unauthorized", "Log in first.");
    try {
      this.#keep(await this.#fetch("POST", "/auth/refresh", { refresh_token: token }));
    } catch (error) {
      if (error.status === 401) this.forget();
      throw error;
    }
  }

  #keep(session) {
    this.#access = session.access_token;
    sessionStorage.setItem(KEY, session.refresh_token);
  }

  async #fetch(method, path, body, token) {
    const headers = {};
    if (body !== undefined) headers["Content-Type"] = "application/json";
    if (token) headers.Authorization = `Bearer ${token}`;
    let response;
    let answer;
    try {
      response = await fetch(path, { method, headers, body: body === undefined ? undefined : JSON.stringify(body) });
      if (response.status === 204) return null;
      answer = await response.json();
    } catch {
      // also in the middle of an answer, which is then no JSON
      if (!response || response.ok) throw new ApiError(0, "unreachable", "The service cannot be reached.");
      answer = {};
    }
    if (!response.ok) {
      const { code = "failed", message = "The service failed." } = answer.error ?? {};
      throw new ApiError(response.status, code, sentence(message));
    }
    return answer;
  }
}

// Messages of the service start with a small letter, have no full stop, and put names between backticks.
export function sentence(text) {
  const trimmed = String(text).trim().replace(/`([^`]*)`/g, "“$1”");
  if (!trimmed) return "";
  return trimmed[0].toUpperCase() + trimmed.slice(1) + (/[.!?…]$/.test(trimmed) ? "" : ".");
}
