"""Go's text templates, as far as to tell whether they parse."""

import re

ACTION = re.compile(
    r"\{\{-?\s*(/\*.*?\*/|(?:\"(?:\\.|[^\"\\])*\"|`[^`]*`|[^`\"])*?)\s*-?\}\}", re.DOTALL
)
OPENING = ("if", "range", "with", "define", "block")
BARE = ("else", "end", "break", "continue")
FUNCTIONS = {
    "and", "or", "not", "len", "index", "slice", "print", "printf", "println", "html", "js",
    "urlquery", "call", "eq", "ne", "lt", "le", "gt", "ge", "toUpper", "toLower", "title",
    "join", "match", "safeHtml", "reReplaceAll", "stringSlice", "template", "trimSpace",
    "tableLink", "graphLink", "tz", "date", "humanizeDuration", "since", "toTime", "urlUnescape",
    "humanize", "humanize1024", "humanizePercentage", "value", "strvalue", "args", "pathPrefix",
    "externalURL", "first", "label", "query", "sortByLabel", "parseDuration", "stripPort",
    "stripDomain", "toJson", "coll", "nil", "true", "false", "filterLabels", "filterLabelsRe",
    "removeLabels", "removeLabelsRe", "dict", "append", "tmpl", "data",
}  # fmt: skip
WORD = re.compile(r"(?<![\w.$\"])([A-Za-z_]\w*)")
VARIABLE = re.compile(r"\$([A-Za-z_]\w*)")
STRING = re.compile(r"\"(?:\\.|[^\"\\])*\"|`[^`]*`|'(?:\\.|[^'\\])*'")


def complaint(text: str) -> str:
    """Why a template does not parse, '' if it seems to."""
    open_blocks: list[tuple[str, set[str]]] = []
    known: set[str] = set()
    rest = ACTION.sub("", text)
    if "{{" in rest:
        return "an action {{ is not closed by }}"
    for match in ACTION.finditer(text):
        said = match[1].strip()
        if not said:
            return "an action is empty: {{ }}"
        if said.startswith("/*"):
            continue
        bare = STRING.sub('""', said)
        word = bare.split()[0]
        if word == "end":
            if not open_blocks:
                return "an {{ end }} closes nothing"
            _, known = open_blocks.pop()
            continue
        if word in OPENING:
            open_blocks.append((word, set(known)))
            bare = bare[len(word) :]
        elif word == "else":
            if not open_blocks or open_blocks[-1][0] not in ("if", "range", "with"):
                return "an {{ else }} stands outside if, range and with"
            bare = re.sub(r"^else\s*(if|with)?", "", bare)
        elif word in ("template", *BARE):
            bare = bare[len(word) :]
        if said := _words(bare, known):
            return said
    return f"{{{{ {open_blocks[-1][0]} }}}} has no {{{{ end }}}}" if open_blocks else ""


def _words(said: str, known: set[str]) -> str:
    """A function or variable that is not there; declared variables are added."""
    declared = re.match(r"\s*((?:\$\w+\s*,\s*)?\$\w+)\s*:=", said)
    new = set(VARIABLE.findall(declared[1])) if declared else set()
    body = said[declared.end() :] if declared else said
    for name in VARIABLE.findall(body):
        if name not in known:
            return f"the variable ${name} is not defined"
    known |= new
    for name in WORD.findall(VARIABLE.sub("", body)):
        if name not in FUNCTIONS:
            return f"the function {name} is not there"
    if body.count("(") != body.count(")"):
        return "a parenthesis is not closed"
    return ""
