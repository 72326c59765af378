"""The scripts of a `package.json`, which a shell runs, and the commands for lint-staged and husky in it."""

from canonry.source.documents.fragment import Document
from canonry.source.documents.languages.literals import fragment_of_string, strings
from canonry.source.documents.languages.script import Finds, Setting
from canonry.source.documents.languages.shell import read_shell
from canonry.source.documents.reading import Reading

PATTERNS = ("package.json",)


def read(document: Document) -> Reading:
    """The commands of all scripts."""
    finds = Finds(document)
    try:
        for path, begin, end in strings(document):
            if (
                (len(path) == 2 and path[0] == "lint-staged")
                or path[:2] == ("husky", "hooks")
                or (len(path) == 3 and path[0] == "lint-staged")
            ):
                symbol = ".".join(map(str, path))
                read_shell(fragment_of_string(document, begin, end), finds, Setting(symbol=symbol))
            elif len(path) == 2 and path[0] == "scripts":
                read_shell(fragment_of_string(document, begin, end), finds, Setting(symbol=f"scripts.{path[1]}"))
    except ValueError as error:
        finds.pass_over(0, min(1, len(document.text)), f"broken: {str(error).partition(':')[0].lower()}")
    return finds.reading()
