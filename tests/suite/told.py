"""Results made up for the tests of reports, and pages as the tests look at them."""

import html.parser
import json
import re

HOUSE = [("ends", "ends every step, by its total limit", False), ("truth", "takes nothing for an answer that is none", True)]
JOURNAL = [
    {"t": 10.0, "at": "client", "event": "step", "step": "1", "session": "default", "method": "GET"},
    {"t": 10.01, "at": "proxy", "event": "accept", "connection": 1, "from": "127.0.0.1:4711"},
    {"t": 10.011, "at": "proxy", "event": "request", "connection": 1, "exchange": 1, "rule": "cut", "method": "GET",
     "target": "http://origin.invalid/a"},
    {"t": 12.5, "at": "proxy", "event": "close", "connection": 1, "exchange": 1, "rule": "cut", "by": "us", "how": "reset",
     "why": "the scenario says reset"},
    {"t": 12.51, "at": "client", "event": "outcome", "step": "1", "session": "default", "ends": "answer", "status": 200},
    {"t": 13.0, "at": "suite", "event": "end", "why": "done"},
]


def check(name, verdict="pass", level="must", **more):
    return {"id": name, "level": level, "verdict": verdict, "says": f"does {name}", "sentence": f"what {name} showed", **more}


def case(name="auth/one", verdict="pass", client="one", variant="default", level="must", journal=JOURNAL, checks=None, **more):
    """A case whose one check of its own has that verdict."""
    checks = checks or [check("first", verdict, level, **({"evidence": [5]} if verdict in ("fail", "weak") else {}))]
    house = [check(h, "pass", "must*", house=True, says=says, **({"critical": True} if critical else {})) for h, says, critical in HOUSE]
    line = {"type": "case", "client": client, "client_variant": variant, "id": name, "verdict": verdict, "exercised": True,
            "fate": "done", "took": 2.5, "noise": 0.001, "title": f"About {name}", "layer": "transport", "about": "What is played.",
            "cause": "The likely cause", "fix": "The fix", "sources": ["RFC 9110 section 1"], "checks": checks + house}
    line.update(more)
    if verdict not in ("pass", "not-applicable") and journal:
        line["journal"] = journal
    return line


def results(cases, clients=None, code=0, **client):
    """The lines of one file; cases say which clients there are."""
    names = clients or sorted({(c["client"], c["client_variant"]) for c in cases})
    lines = [{"type": "run", "results": 1, "clientsuite": "0.1.0", "began": 1700000000.25, "cases": len(cases), "seed": 7}]
    lines += [{"type": "client", "client": name, "client_variant": variant, "title": name.capitalize(), "capabilities": [], **client}
              for name, variant in names]
    return lines + cases + [{"type": "end", "ended": 1700000012.5, "noise": 0.002, "exit": code}]


def write(path, lines):
    with open(path, "w") as f:
        f.writelines(json.dumps(line) + "\n" for line in lines)
    return path


class Page(html.parser.HTMLParser):
    """What the tests ask of a page: its elements, ids, links, and its text."""

    def __init__(self, path):
        super().__init__(convert_charrefs=True)
        self.tags, self.ids, self.links, self.attributes, self.words = {}, [], [], [], []
        self.open, self.inside = [], {}
        with open(path, newline="") as f:
            self.source = f.read()
        self.feed(self.source)
        self.close()
        self.text = "".join(self.words)

    def handle_starttag(self, tag, attributes):
        self.tags[tag] = self.tags.get(tag, 0) + 1
        found = dict(attributes)
        self.attributes += [(tag, name, value or "") for name, value in attributes]
        if "id" in found:
            self.ids.append(found["id"])
        if "href" in found:
            self.links.append(found["href"])
        if tag == "section":
            self.open.append(found.get("id"))
            self.inside[found.get("id")] = []
        for section in self.open:
            self.inside[section].append((tag, found.get("class", "")))

    def handle_endtag(self, tag):
        if tag == "section":
            self.open.pop()

    def handle_data(self, data):
        self.words.append(data)

    def check(self):
        """What holds for every page of ours."""
        twice = {name for name in self.ids if self.ids.count(name) > 1} if len(set(self.ids)) < len(self.ids) else set()
        assert not twice, f"ids that are there twice: {sorted(twice)[:5]}"
        known = set(self.ids)
        lost = {link for link in self.links if link.startswith("#") and link[1:] not in known}
        assert not lost, f"links to nowhere: {sorted(lost)[:5]}"
        for tag in ("script", "img", "link", "iframe", "object", "embed", "base", "form"):
            assert tag not in self.tags, f"there is a <{tag}>"
        for tag, name, value in self.attributes:
            assert not name.startswith("on"), f"<{tag} {name}>"
            assert not (name in ("src", "srcset", "action", "data") or re.match(r"\s*(https?|javascript|data):", value)), f"<{tag} {name}={value}>"
        assert "default-src 'none'" in self.source and not re.search(r"@import|url\(", self.source.split("</style>")[0])
        assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\ufffe\uffff]", self.source), "unsafe characters"
        return self
