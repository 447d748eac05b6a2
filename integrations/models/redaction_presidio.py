"""Presidio around our patterns, and around a spaCy pipeline for names where one is installed.

Importing this takes seconds. Presidio's own engines would download a language model that is not there;
ours is handed one that is, or does without.
"""

from __future__ import annotations

from importlib.util import find_spec
from typing import Any

from presidio_analyzer import AnalyzerEngine, LocalRecognizer, RecognizerRegistry, RecognizerResult
from presidio_analyzer.nlp_engine import NlpEngine, NoOpNlpEngine, SpacyNlpEngine
from presidio_analyzer.predefined_recognizers import SpacyRecognizer

from .redaction import Finder
from .redaction_patterns import KINDS, Span, apart, spans

LANGUAGE = "en"
PERSON = "PERSON"  # as Presidio calls a name
SURE = 0.5
MODELS = ("en_core_web_sm", "en_core_web_md", "en_core_web_lg", "en_core_web_trf", "xx_ent_wiki_sm")


class Shapes(LocalRecognizer):
    """Our patterns as one recognizer: each is exact, or has a checksum, so none is only likely."""

    def __init__(self) -> None:
        super().__init__(supported_entities=list(KINDS), supported_language=LANGUAGE, name="countersign")

    def load(self) -> None:
        """Nothing to load."""

    def analyze(self, text: str, entities: list[str], nlp_artifacts: Any = None) -> list[Any]:
        return [RecognizerResult(each.kind, each.start, each.end, 1.0) for each in spans(text)]


class Given(SpacyNlpEngine):
    """A pipeline that is there already: nothing is looked up by its name, so nothing is downloaded."""

    def __init__(self, pipeline: Any) -> None:
        super().__init__([{"lang_code": LANGUAGE, "model_name": "given"}])
        self._pipeline = pipeline

    def load(self) -> None:
        self.nlp: Any = {LANGUAGE: self._pipeline}


def finder(pipeline: Any = None) -> Finder:
    """`pipeline`: a spaCy pipeline that names entities, or None."""
    recognizers: list[Any] = [Shapes()]
    engine: NlpEngine = NoOpNlpEngine([{"lang_code": LANGUAGE, "model_name": "none"}])
    if pipeline is not None:
        recognizers.append(SpacyRecognizer(supported_language=LANGUAGE, supported_entities=[PERSON]))
        engine = Given(pipeline)
    registry = RecognizerRegistry(recognizers=recognizers, supported_languages=[LANGUAGE])
    analyzer = AnalyzerEngine(registry=registry, nlp_engine=engine, supported_languages=[LANGUAGE])
    entities = [*KINDS, *([PERSON] if pipeline is not None else [])]

    def look(text: str) -> list[Span]:
        found = analyzer.analyze(text, LANGUAGE, entities=entities, score_threshold=SURE)
        return apart([Span(_kind(each.entity_type), each.start, each.end) for each in found])

    return Finder(look, by_shape=pipeline is None)


def _kind(entity: str) -> str:
    return "name" if entity == PERSON else str(entity)


def installed_pipeline() -> Any:
    name = next((each for each in MODELS if find_spec(each) is not None), None)
    if name is None:
        return None
    import spacy

    return spacy.load(name, exclude=["parser", "lemmatizer", "attribute_ruler"])
