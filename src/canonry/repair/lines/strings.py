"""How likely a text is as the content of a string literal on one line."""

import re
from collections.abc import Collection

_CLOSES = re.compile(r"[)\]}]")
_ARGUMENT = re.compile(r",\s*([^\W\d]\w*)\s*(=(?!=)|[,)]|\Z)")
_CALL = re.compile(r"[^\W\d]\w*(?:\.\w+)*\(")
_FORMULA = re.compile(r"[^\W\d]\w*(?:\.\w+)*\s+(?:[-+*/%]|==|!=|<|>|in|and|or|is|not)\s+\S|[^\W\d]\w*=\S")
_PREFIXED = re.compile(r"f(?:\\n|(?:[A-Z\[]|.*?)[^{}]*\{\w[\w.]*[}\[(!:])")
_RULER = re.compile(r"([=\-*_#~.+])\1*[ \t]*\*[ \t]*\d+\Z")
_WORD_LIST = re.compile(r"[\w-]+(?:,[ \t]*\"?[\w-]+)+,?\Z")
_EXPRESSION = re.compile(r"[\"\w)\]] (?:in|and|or|not in|==|!=) [\w.]+[(\[.]|\w\(\w*\)[ \t]+(?:in|and|or|==|!=)[ \t]")
_CODE = re.compile(r"\)\s*[,:]?\s*\Z|[\[({]\s*\Z|,\s*\Z")
_PAIR = {")": "(", "]": "[", "}": "{"}


def string_cost(content: str, known: Collection[str], ours: bool, bracketed: bool) -> float:
    """The cost of reading the text as a string; 0 for what strings usually hold."""
    cost = 0.0
    stack: list[str] = []
    if any(character in content for character in "()[]{}"):
        for character in content:
            if character in "([{":
                stack.append(character)
            elif character in ")]}":
                if stack and stack[-1] == _PAIR[character]:
                    stack.pop()
                else:
                    cost += 0.7
        cost += 0.45 * min(len(stack), 2)
        cost = min(cost, 1.5)
    stripped = content.strip()
    if not stripped:
        return cost + (0.3 if ours else 0.0)
    if stripped[0] == "f" and _PREFIXED.match(stripped):
        cost += 0.6
    if stripped[0] in "=-*_#~.+" and _RULER.match(stripped):
        cost += 0.9
    if stripped[0] in ",)]}:" and len(stripped) > 1:
        cost += 0.6
    if stripped[-1] == "," and bracketed and content[-1] == ",":
        cost += 0.45
    if stripped[-1] in "([{":
        cost += 0.4
    if stripped[-1] in "\"'" and (stripped[-1] == '"' or ours):
        cost += 0.4
    if ours and stripped[0] in _PAIR.values() and stripped[-1] in _PAIR and not stack:
        cost += 1.2
    if content.count('"') % 2 and ours:
        cost += 0.5
    if ours and _EXPRESSION.search(stripped):
        cost += 0.6
    if ours and _WORD_LIST.match(stripped):
        cost += 1.25 * stripped.count(",")
    if ours and _CALL.match(stripped):
        cost += 0.9
    if ours and _FORMULA.match(stripped):
        cost += 0.5
    if ours and "," in content:
        for match in _ARGUMENT.finditer(content):
            word, tail = match.group(1), match.group(2)
            if tail == "=":
                cost += 1.3
            elif word in known:
                cost += 0.5
    return min(cost, 3.0)
