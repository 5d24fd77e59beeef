"""Go's text templates, as far as to tell whether they parse (text/template/parse/parse.go)."""

from driftdeck.preflight.go.tokens import TemplateError, Token, tokens
from driftdeck.preflight.releases import MORE_FUNCTIONS, Release

FUNCTIONS = {
    "and", "call", "eq", "ge", "gt", "html", "index", "js", "le", "len", "lt", "ne", "not", "or",
    "print", "printf", "println", "slice", "urlquery", "toUpper", "toLower", "title", "join",
    "match", "safeHtml", "reReplaceAll", "stringSlice",
}  # fmt: skip
NEWER_FUNCTIONS = {
    "trimSpace", "tz", "date", "coll", "data", "tmpl", "time", "tenantID", "grafanaExploreURL",
    "queryFromGeneratorURL",
}  # fmt: skip
"""Those of 12.4; which came when before is not told apart."""
TERMS = ("bool", "number", "dot", "field", "name", "nil", "raw", "string", "variable", "(")
CONSTANTS = ("bool", "dot", "nil", "number", "raw", "string")
CLOSING = Token("end of text", "")


def complaint(text: str, release: Release) -> str:
    """Why a template does not parse, '' if it does."""
    known = FUNCTIONS | (NEWER_FUNCTIONS if release >= MORE_FUNCTIONS else set())
    try:
        _Parser(list(tokens(text)), known).run()
    except TemplateError as error:
        return str(error)
    return ""


class _Parser:
    """By descent, as Go's own; keeps which variables are defined."""

    def __init__(self, tokens: list[Token], functions: set[str]) -> None:
        self.tokens, self.at, self.functions = tokens, 0, functions
        self.variables = ["$"]
        self.ranges = 0
        self.full: set[str] = set()
        """Templates that were defined and are not blank."""

    def run(self) -> None:
        while self.at < len(self.tokens):
            if self._peek().kind == "open" and self._peek_inside().kind == "define":
                self._define()
            elif self._item() in ("end", "else"):
                raise TemplateError("an {{ end }} or {{ else }} stands outside if, range and with")

    def _peek(self) -> Token:
        return self.tokens[self.at] if self.at < len(self.tokens) else CLOSING

    def _next(self) -> Token:
        token = self._peek()
        self.at += 1
        return token

    def _blank(self) -> None:
        while self._peek().kind == "space":
            self.at += 1

    def _solid(self) -> Token:
        """The next token that is no space."""
        self._blank()
        return self._next()

    def _peek_solid(self) -> Token:
        self._blank()
        return self._peek()

    def _peek_inside(self) -> Token:
        rest = self.tokens[self.at + 1 :]
        return next((token for token in rest if token.kind != "space"), CLOSING)

    def _expect(self, kind: str, where: str) -> Token:
        token = self._solid()
        if token.kind != kind:
            raise TemplateError(f"{token.text or token.kind!r} is not expected in {where}")
        return token

    def _items(self) -> tuple[str, bool]:
        """Up to an end or else: which, and whether anything but blanks stood before it."""
        full = False
        while self.at < len(self.tokens):
            token = self._peek()
            kind = self._item()
            if kind in ("end", "else"):
                return kind, full
            full = full or token.kind != "text" or bool(token.text.strip())
        raise TemplateError("a block has no {{ end }}")

    def _item(self) -> str:
        """One text or action; 'end' or 'else' where it is that."""
        token = self._next()
        if token.kind == "text":
            return "text"
        if token.kind != "open":
            raise TemplateError(f"{token.text!r} is not expected")
        kind = self._peek_solid().kind
        if kind not in ACTIONS:
            self._pipeline("an action", "close")
            return "action"
        self._next()
        return ACTIONS[kind](self, kind) or kind

    def _define(self) -> None:
        self._next()
        self._expect("define", "an action")
        name = self._quoted("define")
        self._expect("close", "define")
        self._body(name, "define")

    def _body(self, name: str, where: str) -> None:
        kept = self.variables, self.ranges
        self.variables, self.ranges = ["$"], 0
        kind, full = self._items()
        self.variables, self.ranges = kept
        if kind == "else":
            raise TemplateError(f"an {{{{ else }}}} stands in {where}")
        if full and name in self.full:
            raise TemplateError(f"the template {name} is defined twice")
        if full:
            self.full.add(name)

    def _quoted(self, where: str) -> str:
        token = self._solid()
        if token.kind not in ("string", "raw"):
            raise TemplateError(f"{where} needs a name in quotes, not {token.text}")
        return token.text[1:-1]

    def _control(self, kind: str) -> str:
        before = len(self.variables)
        self._pipeline(kind, "close")
        self.ranges += kind == "range"
        closed, _ = self._items()
        self.ranges -= kind == "range"
        if closed == "else":
            if kind in ("if", "with") and self._peek_solid().kind == kind:
                self._next()
                self._control(kind)
            elif self._items()[0] == "else":
                raise TemplateError("an {{ else }} follows an {{ else }}")
        del self.variables[before:]
        return ""

    def _else(self, _: str) -> str:
        if self._peek_solid().kind not in ("if", "with"):
            self._expect("close", "else")
        return ""

    def _end(self, _: str) -> str:
        self._expect("close", "end")
        return ""

    def _jump(self, kind: str) -> str:
        if not self.ranges:
            raise TemplateError(f"{{{{ {kind} }}}} stands outside range")
        self._expect("close", kind)
        return ""

    def _template(self, _: str) -> str:
        self._quoted("template")
        if self._peek_solid().kind == "close":
            self._next()
        else:
            self._pipeline("template", "close")
        return ""

    def _block(self, _: str) -> str:
        name = self._quoted("block")
        self._pipeline("block", "close")
        self._body(name, "block")
        return ""

    def _pipeline(self, where: str, end: str) -> None:
        self._declarations(where)
        stages: list[str] = []
        while True:
            token = self._peek_solid()
            if token.kind == end:
                self._next()
                break
            if token.kind not in TERMS:
                raise TemplateError(f"{token.text or token.kind!r} is not expected in {where}")
            stages.append(self._command())
        if not stages:
            raise TemplateError(f"a value is missing in {where}")
        if any(stage in CONSTANTS for stage in stages[1:]):
            raise TemplateError(f"what follows a | in {where} is no function")

    def _declarations(self, where: str) -> None:
        count = 0
        while self._peek_solid().kind == "variable":
            start, name = self.at, self._next().text
            follows = self._peek_solid()
            if follows.kind in ("=", ":="):
                self._next()
                self.variables.append(name)
                return
            if follows != Token("char", ","):
                self.at = start
                return
            self._next()
            self.variables.append(name)
            count += 1
            if where != "range" or count > 1:
                raise TemplateError(f"too many variables are declared in {where}")
            if self._peek_solid().kind not in ("variable", "close", ")"):
                raise TemplateError("range can only declare variables")

    def _command(self) -> str:
        """The arguments up to a | or the end; the kind of the first."""
        first = ""
        while True:
            self._blank()
            kind = self._operand()
            first = first or kind
            token = self._peek()
            if token.kind == "space":
                self._next()
                continue
            if token.kind == "|":
                self._next()
            elif token.kind not in ("close", ")"):
                raise TemplateError(f"{token.text or token.kind!r} is not expected in a value")
            if not first:
                raise TemplateError("a command is empty")
            return first

    def _operand(self) -> str:
        kind = self._term()
        if kind and self._peek().kind == "field":
            if kind in CONSTANTS:
                raise TemplateError("a . follows what has no fields")
            while self._peek().kind == "field":
                self._next()
            return "chain"
        return kind

    def _term(self) -> str:
        token = self._peek()
        if token.kind not in TERMS:
            return ""
        self._next()
        if token.kind == "name" and token.text not in self.functions:
            raise TemplateError(f"the function {token.text} is not there")
        if token.kind == "variable" and token.text not in self.variables:
            raise TemplateError(f"the variable {token.text} is not defined")
        if token.kind == "(":
            self._pipeline("parentheses", ")")
        return token.kind


ACTIONS = {
    "if": _Parser._control, "range": _Parser._control, "with": _Parser._control,
    "else": _Parser._else, "end": _Parser._end, "break": _Parser._jump,
    "continue": _Parser._jump, "template": _Parser._template, "block": _Parser._block,
}  # fmt: skip
