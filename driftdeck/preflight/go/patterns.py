"""Regular expressions as Go's regexp/syntax reads them, as far as to tell whether they parse.

It knows no lookaround, no back references and no possessive repeats, but \\z, \\pL, \\Q...\\E and
flags in the middle.

Read by hand: google-re2, whose syntax Go's follows, takes \\C as well and has no wheel for musl,
where the hook and the action of other repositories must install, too. Of 60,000 random expressions
Go 1.26 takes the same ones, but for \\p{...} with a name that no script has. Of repeats within
repeats only each one's own limit is looked at.
"""

import re

FLAGS = re.compile(r"\(\?(?:[imsU]*(?:-[imsU]+)?)[:)]")
NAMED = re.compile(r"\(\?P?<(\w+)>", re.ASCII)
REPEAT = re.compile(r"\{(0|[1-9][0-9]*)(?:(,)(0|[1-9][0-9]*)?)?\}")
MOST_REPEATS = 1000
LAST_CHARACTER = 0x10FFFF
CATEGORY = re.compile(r"\\[pP](?:[CLMNPSZ]|\{\^?[A-Z][A-Za-z_]*\})")
ESCAPE = re.compile(
    r"\\(?:0[0-7]{0,2}|[1-7][0-7]{1,2}|x[0-9a-fA-F]{2}|x\{[0-9a-fA-F]+\}|[afnrtv]|[!-/:-@\[-`{-~ ])"
)
CLASSES = re.compile(r"\\[dswDSW]")
ANCHORS = re.compile(r"\\[AbBz]")
POSIX = re.compile(
    r"\[:\^?(?:alnum|alpha|ascii|blank|cntrl|digit|graph|lower|print|punct|space|upper|word"
    r"|xdigit):\]"
)


class _Reader:
    """Reads one expression from left to right."""

    def __init__(self, text: str) -> None:
        self.text, self.at = text, 0
        self.operand = [False]
        """Whether something to repeat stands before, for each open parenthesis."""
        self.repeated = False

    def find_problem(self) -> str:
        while self.at < len(self.text):
            repeats = self.text[self.at] in "*+?" or bool(REPEAT.match(self.text, self.at))
            if problem := self._read_part():
                return problem
            self.repeated = repeats
        return "a parenthesis is not closed" if len(self.operand) > 1 else ""

    def _read_part(self) -> str:
        mark = self.text[self.at]
        if mark == "(":
            return self._read_group()
        if mark == ")":
            self.at += 1
            self.operand.pop()
            if not self.operand:
                return "a parenthesis closes nothing"
            self.operand[-1] = True
            return ""
        if mark == "|":
            self.at += 1
            self.operand[-1] = False
            return ""
        if mark in "*+?" or REPEAT.match(self.text, self.at):
            return self._read_repeat()
        if mark == "[":
            problem = self._read_class()
        elif mark == "\\":
            problem = self._read_escape()
        else:
            self.at += 1
            problem = ""
        self.operand[-1] = True
        return problem

    def _read_group(self) -> str:
        if not self.text.startswith("(?", self.at):
            self.at += 1
            self.operand.append(False)
            return ""
        match = NAMED.match(self.text, self.at) or FLAGS.match(self.text, self.at)
        if match is None:
            return f"{self.text[self.at : self.at + 3]!r} is not known to Go"
        self.at = match.end()
        if not match[0].endswith(")"):
            self.operand.append(False)
        return ""

    def _read_repeat(self) -> str:
        match = REPEAT.match(self.text, self.at)
        text = match[0] if match else self.text[self.at]
        if self.repeated:
            return f"{text!r} repeats a repeat"
        if not self.operand[-1]:
            return f"{text!r} repeats nothing"
        if match:
            least, most = int(match[1]), int(match[3] or match[1])
            if max(least, most) > MOST_REPEATS or least > most:
                return f"{text!r} is no range of at most {MOST_REPEATS}"
        self.at += len(text)
        if self.text.startswith("?", self.at):
            self.at += 1
        return ""

    def _read_escape(self, inside: bool = False) -> str:
        if self.text.startswith("\\Q", self.at) and not inside:
            end = self.text.find("\\E", self.at)
            self.at = len(self.text) if end < 0 else end + 2
            return ""
        known = (CATEGORY, CLASSES, ESCAPE, *([] if inside else [ANCHORS]))
        match = next(filter(None, (pattern.match(self.text, self.at) for pattern in known)), None)
        if match is None:
            return f"{self.text[self.at : self.at + 2]!r} is not known to Go"
        if match[0].startswith("\\x{") and int(match[0][3:-1], 16) > LAST_CHARACTER:
            return f"{match[0]!r} is no character"
        self.at = match.end()
        return ""

    def _read_class(self) -> str:
        self.at += 2 if self.text.startswith("[^", self.at) else 1
        first = True
        while first or not self.text.startswith("]", self.at):
            first = False
            posix = POSIX.match(self.text, self.at)
            if posix:
                self.at = posix.end()
                continue
            if self.text.startswith("[:", self.at) and ":]" in self.text[self.at :]:
                return "a class [:of this name:] is not known to Go"
            low, problem = self._read_member()
            if problem:
                return problem
            if self.text.startswith("-", self.at) and self.text[self.at + 1 : self.at + 2] != "]":
                self.at += 1
                high, problem = self._read_member()
                if problem:
                    return problem
                if low and high and high < low:
                    return f"the range {low}-{high} is upside down"
        self.at += 1
        return ""

    def _read_member(self) -> tuple[str, str]:
        """A character of a class, '' where it is escaped, and a complaint."""
        if self.at >= len(self.text):
            return "", "a [ is not closed"
        if self.text[self.at] == "\\":
            return "", self._read_escape(inside=True)
        self.at += 1
        return self.text[self.at - 1], ""


def complaint(text: str) -> str:
    """Why an expression does not parse, '' if it does."""
    return _Reader(text).find_problem()
