"""Opens the opt-in packs that know labels of the API, beside the default classifier's classes."""

import logging
from collections.abc import Callable, Iterable, Mapping

from openrekog.models.architectures.ram import Ram, read_tags
from openrekog.models.architectures.siglip2 import (
    TOKENS,
    ImageTower,
    Siglip2,
    TextTower,
    read_scale,
)
from openrekog.models.architectures.tokens import JsonTokenizer
from openrekog.models.capabilities import ConceptScorer, ImageClassifier
from openrekog.models.loading.opening import Opening
from openrekog.models.store import hash_of
from openrekog.models.text_vectors import TextVectors
from openrekog.models.vocabulary.labels import all_labels
from openrekog.models.vocabulary.matching import LabelMatcher

log = logging.getLogger(__name__)

# The sentence that the documentation of the weights recommends.
PROMPT = "this is a photo of {}."


def load_label_classifiers(opening: Opening) -> tuple[ImageClassifier, ...]:
    """The classifiers of the packs that were named; each speaks of labels by the API's names."""
    named = [pack.name for pack in opening.packs_for("image_classifier")]
    return tuple(load(opening) for name, load in CLASSIFIERS.items() if name in named)


def concept_scorer(classifiers: Iterable[ImageClassifier]) -> ConceptScorer | None:
    """The one of them that understands any words, whose towers need not be opened twice."""
    return next((one for one in classifiers if isinstance(one, Siglip2)), None)


def load_ram(opening: Opening) -> Ram:
    matcher = LabelMatcher({name: label.aliases for name, label in all_labels().items()})
    tags = read_tags(_text(opening, "ram_plus", "ram_tag_list.txt"))
    known = [matcher.find(tag) for tag in tags]
    log.info("%d of the %d tags of ram_plus are labels", len(tags) - known.count(None), len(tags))
    return Ram(opening.open("ram_plus", "ram_plus.onnx"), known)


def load_siglip2(opening: Opening) -> Siglip2:
    scale = read_scale(_text(opening, "siglip2", "siglip2.json"))
    pack = opening.pack("siglip2")
    text_model = opening.store.path(pack, "text_model.onnx")
    tokenizer = opening.store.path(pack, "tokenizer.json")

    def open_text_tower() -> TextTower:
        session = opening.open("siglip2", "text_model.onnx")
        return TextTower(session, JsonTokenizer(tokenizer, TOKENS))

    images = ImageTower(opening.open("siglip2", "vision_model.onnx"), scale)
    made_by = f"{hash_of(text_model)} {hash_of(tokenizer)}"
    texts = TextVectors(open_text_tower, text_model.parent / "vectors", made_by)
    prompts = {label: PROMPT.format(label) for label in all_labels()}
    # Now, since it may take minutes, and not when the first picture waits for it.
    images.check_width(texts.of(list(prompts.values())).shape[1])
    return Siglip2(images, texts, scale, prompts)


CLASSIFIERS: Mapping[str, Callable[[Opening], ImageClassifier]] = {
    "ram_plus": load_ram,
    "siglip2": load_siglip2,
}


def _text(opening: Opening, pack: str, file: str) -> str:
    return opening.store.path(opening.pack(pack), file).read_text("utf-8")
