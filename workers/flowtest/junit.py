"""Results as JUnit's XML, which every CI shows: a suite for each file, a case for each conversation."""

from __future__ import annotations

from collections.abc import Sequence
from xml.etree import ElementTree as xml

from flows.errors import Mistake
from workers.flowtest.result import Result


def junit(results: Sequence[Result], mistakes: Sequence[Mistake]) -> bytes:
    """A mistake in a file is a case of its own that failed as an error."""
    count = sum(len(result.played) for result in results)
    failed = sum(len(result.failures) for result in results)
    top = xml.Element("testsuites", tests=str(count + len(mistakes)), failures=str(failed),
                      errors=str(len(mistakes)))  # fmt: skip
    for result in results:
        suite = xml.SubElement(top, "testsuite", name=str(result.script.file), tests=str(len(result.played)),
                               failures=str(len(result.failures)), errors="0")  # fmt: skip
        for each in result.played:
            case = xml.SubElement(suite, "testcase", classname=f"flows.{result.script.flow.id}",
                                  name=_sayable(each.conversation.name), file=str(result.script.file),
                                  line=str(each.conversation.line), time=f"{each.seconds:.4f}")  # fmt: skip
            if each.failure:
                first = each.failure.findings[0]
                failure = xml.SubElement(case, "failure", message=_sayable(f"expected {first.expected}"))
                failure.text = _sayable(str(each.failure))
    if mistakes:
        suite = xml.SubElement(top, "testsuite", name="files", tests=str(len(mistakes)), failures="0",
                               errors=str(len(mistakes)))  # fmt: skip
        for mistake in mistakes:
            case = xml.SubElement(suite, "testcase", classname="files", name=_sayable(mistake.file))
            xml.SubElement(case, "error", message=_sayable(str(mistake)))
    xml.indent(top)
    whole: bytes = xml.tostring(top, encoding="utf-8", xml_declaration=True)
    return whole + b"\n"


def _sayable(text: str) -> str:
    """Without the characters that XML cannot hold, whoever said them."""
    kept = (each for each in text if each in "\t\n\r" or (each >= " " and each not in "\ufffe\uffff"))
    return "".join(kept).encode("utf-8", "ignore").decode()
