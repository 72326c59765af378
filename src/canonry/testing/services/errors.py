"""What is said of a service that is not there."""

from pathlib import Path

from canonry.model.errors import UserError


class ServiceError(UserError):
    """A service cannot be had: one sentence and the next step, with the last lines of its log below it.

    ``state`` is ``unavailable`` where it never answered and ``crashed`` where it did and then ended; ``log`` is the
    file that holds all that it wrote.
    """

    def __init__(
        self, message: str, *, service: str = "", state: str = "unavailable", log: Path | None = None, tail: str = ""
    ) -> None:
        text = f"service `{service}`: {message}" if service else message
        if tail:
            text += f"\nlast lines of `{log}`:\n" + "\n".join(f"  {line}" for line in tail.splitlines())
        super().__init__(text)
        self.message = message
        self.service = service
        self.state = state
        self.log = log
