"""What a client did wrong, or cannot have now: a code for programs, a sentence for people."""


class ChatError(Exception):
    """Answered as ``{"error": {"code", "message"}}`` with `status`, or as an error of the socket."""

    def __init__(self, code: str, message: str, *, status: int = 400) -> None:
        super().__init__(message)
        self.code, self.message, self.status = code, message, status


def unauthorized(message: str = "the credentials are not valid") -> ChatError:
    """401: log in, or log in again."""
    return ChatError("unauthorized", message, status=401)


def not_found(what: str) -> ChatError:
    """404, for what is not there and for what belongs to somebody else alike."""
    return ChatError("not_found", f"there is no such {what}", status=404)


def not_ready(message: str = "the service cannot store anything now; try again soon") -> ChatError:
    """503: a dependency is lost, or the service is about to stop."""
    return ChatError("not_ready", message, status=503)
