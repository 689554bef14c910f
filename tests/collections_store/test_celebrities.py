import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import create_engine, text

from openrekog.collections_store import celebrities as gallery
from openrekog.collections_store.celebrities import ids_of
from openrekog.collections_store.errors import AmbiguousName, InvalidVector, NotFound, OtherGallery
from openrekog.collections_store.index import shelf
from openrekog.collections_store.records import GALLERY
from openrekog.collections_store.store import (
    Celebrity,
    CelebrityDetails,
    FaceModel,
    NewFace,
    Store,
    Vectors,
)

OpenStore = Callable[..., Store]
Unit = Callable[..., Vectors]

MODEL = FaceModel("sface", "7.0", 16)
OTHER = FaceModel("buffalo_l", "7.0", 16)
BOX = (0.1, 0.2, 0.3, 0.4)
ANN = CelebrityDetails("Ann", urls=("www.example.com/ann",), licence="CC0")


def basis(*directions: int) -> Vectors:
    return np.eye(16, dtype=np.float32)[list(directions)]


def put(
    store: Store,
    details: CelebrityDetails,
    vectors: Vectors | None = None,
    model: FaceModel = MODEL,
    prefix: str = "image",
) -> Celebrity:
    """Stores a person whose faces are of the images image-0, image-1, ..."""
    with store.write() as rows:
        celebrity = rows.celebrities.put(details)
        if vectors is not None:
            new = {f"{prefix}-{n}": NewFace(BOX, 99.0, v) for n, v in enumerate(vectors)}
            rows.celebrities.set_faces(celebrity, model, [], new)
    return celebrity


def found(store: Store, vector: Vectors, floor: float = 0.5, model: str = "sface") -> list[str]:
    [matches] = store.search_celebrities(vector[None], 2, floor, face_model=model)
    return [match.celebrity.details.name for match in matches]


class TestIds:
    def test_the_same_person_has_the_same_id_everywhere(self) -> None:
        first, second, *_ = ids_of(CelebrityDetails("Grace Hopper"))
        assert first == "ecIOfLJp"
        assert first != second
        assert next(ids_of(CelebrityDetails("Grace Hopper", licence="CC0"))) == first
        assert re.fullmatch("[0-9A-Za-z]{8}", first)

    def test_a_wikidata_id_counts_for_more_than_a_name(self) -> None:
        ids = [
            next(ids_of(CelebrityDetails(name, wikidata_id="Q11641")))
            for name in ("Grace Hopper", "Grace Murray Hopper")
        ]
        assert ids[0] == ids[1] != next(ids_of(CelebrityDetails("Grace Hopper")))

    def test_an_id_that_is_taken_gives_way_to_the_next(
        self, store: Store, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(gallery, "ids_of", lambda details: iter(["taken", f"{details.name}2"]))
        assert put(store, CelebrityDetails("Ann")).celebrity_id == "taken"
        assert put(store, CelebrityDetails("Bob")).celebrity_id == "Bob2"
        assert put(store, CelebrityDetails("Bob", licence="CC0")).celebrity_id == "Bob2"


class TestWhoIsMeant:
    def test_details_change_what_they_say_and_nothing_else(self, store: Store) -> None:
        before = put(store, ANN)
        after = put(store, CelebrityDetails("Ann", known_gender="Female", licence="CC BY 4.0"))
        assert after.celebrity_id == before.celebrity_id
        assert after.created_at == before.created_at
        assert after.details == CelebrityDetails(
            "Ann", None, ("www.example.com/ann",), "Female", "CC BY 4.0"
        )

    def test_a_wikidata_id_can_be_added_and_then_holds_over_a_new_name(self, store: Store) -> None:
        first = put(store, ANN)
        put(store, CelebrityDetails("Ann", wikidata_id="Q1"))
        renamed = put(store, CelebrityDetails("Ann Smith", wikidata_id="Q1"))
        assert renamed.celebrity_id == first.celebrity_id
        with store.read() as rows:
            assert [each.details.name for each in rows.celebrities.list()] == ["Ann Smith"]

    def test_two_of_one_name_are_told_apart_by_wikidata_id_alone(self, store: Store) -> None:
        one = put(store, CelebrityDetails("Ann", wikidata_id="Q1"))
        two = put(store, CelebrityDetails("Ann", wikidata_id="Q2"))
        assert one.celebrity_id != two.celebrity_id
        with pytest.raises(AmbiguousName, match="2 people are called Ann"):
            put(store, CelebrityDetails("Ann"))
        with store.read() as rows:
            assert {each.celebrity_id for each in rows.celebrities.called("Ann")} == {
                one.celebrity_id,
                two.celebrity_id,
            }


class TestFaces:
    def test_a_search_finds_the_person_by_the_pooled_faces(self, store: Store) -> None:
        ann = put(store, ANN, basis(0, 1))
        put(store, CelebrityDetails("Bob"), basis(2))
        [[match]] = store.search_celebrities(basis(0), 2, 0.5, face_model="sface")
        assert match.celebrity == ann
        assert match.cosine == pytest.approx(2**-0.5, abs=1e-3)

    def test_an_empty_gallery_finds_nobody(self, store: Store) -> None:
        assert store.search_celebrities(basis(0, 1), 2, 0, face_model="sface") == [[], []]

    def test_new_pictures_replace_the_others(self, store: Store) -> None:
        ann = put(store, ANN, basis(0, 1))
        with store.write() as rows:
            new = {"image-2": NewFace(BOX, 99.0, basis(5)[0])}
            rows.celebrities.set_faces(ann, MODEL, ["image-1"], new)
        with store.read() as rows:
            vectors = rows.celebrities.vectors(ann, "sface")
            assert rows.celebrities.face_counts() == {ann.celebrity_id: {"sface": 2}}
        assert list(vectors) == ["image-1", "image-2"]
        assert np.array_equal(np.stack(list(vectors.values())), basis(1, 5))
        assert found(store, basis(0)[0]) == []
        assert found(store, basis(5)[0]) == ["Ann"]

    def test_one_picture_may_show_two_people(self, store: Store) -> None:
        put(store, ANN, basis(0))
        put(store, CelebrityDetails("Bob"), basis(0))
        assert sorted(found(store, basis(0)[0])) == ["Ann", "Bob"]

    def test_models_are_never_mixed(self, store: Store) -> None:
        ann = put(store, ANN, basis(0))
        with pytest.raises(OtherGallery, match="made by the model sface; this server runs buffa"):
            found(store, basis(0)[0], model="buffalo_l")
        put(store, ANN, basis(3), OTHER)
        assert found(store, basis(3)[0], model="buffalo_l") == ["Ann"]
        assert found(store, basis(3)[0]) == []
        assert found(store, basis(0)[0]) == ["Ann"]
        with store.read() as rows:
            counts = rows.celebrities.face_counts()
        assert counts == {ann.celebrity_id: {"buffalo_l": 1, "sface": 1}}

    def test_a_vector_of_another_length_is_refused(self, store: Store, unit: Unit) -> None:
        with pytest.raises(InvalidVector):
            put(store, ANN, unit(1, dimension=8))
        with store.read() as rows:
            assert rows.celebrities.list() == []

    def test_the_gallery_is_no_collection_of_anybody(self, store: Store) -> None:
        put(store, ANN, basis(0))
        with store.read() as rows:
            assert rows.collections.face_total() == 0
            assert [each.scope for each in rows.collections.list(GALLERY, 9).items] == [GALLERY]


class TestDeleting:
    def test_the_person_is_gone_with_the_faces_of_every_model(self, store: Store) -> None:
        ann = put(store, ANN, basis(0, 1))
        put(store, ANN, basis(3), OTHER)
        put(store, CelebrityDetails("Bob"), basis(2))
        with store.write() as rows:
            assert rows.celebrities.delete(ann.celebrity_id) == 3
        with store.read() as rows:
            assert [each.details.name for each in rows.celebrities.list()] == ["Bob"]
            assert set(rows.celebrities.face_counts()) == {next(ids_of(CelebrityDetails("Bob")))}
            with pytest.raises(NotFound):
                rows.celebrities.get(ann.celebrity_id)
        assert found(store, basis(0)[0], floor=-1) == ["Bob"]
        with pytest.raises(NotFound), store.write() as rows:
            rows.celebrities.delete(ann.celebrity_id)

    def test_another_process_knows_at_once(self, open_store: OpenStore) -> None:
        writer, reader = open_store(), open_store()
        assert found(reader, basis(0)[0]) == []
        ann = put(writer, ANN, basis(0))
        assert found(reader, basis(0)[0]) == ["Ann"]
        with writer.write() as rows:
            rows.celebrities.delete(ann.celebrity_id)
        assert found(reader, basis(0)[0]) == []
        put(writer, ANN, basis(0))
        assert found(reader, basis(0)[0]) == ["Ann"]

    def test_no_row_and_no_file_keeps_the_vectors(
        self,
        open_store: OpenStore,
        url: str,
        tmp_path: Path,
        unit: Unit,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        monkeypatch.setattr(shelf, "SAVE_FROM", 1)
        store = open_store()
        vectors = unit(3)
        # A name unlike anything else in the file, as the vectors' bytes are.
        ann = put(store, CelebrityDetails("Ann Quixote-Zebedee"), vectors)
        put(store, CelebrityDetails("Bob"), basis(2))
        found(store, vectors[0])
        store.tidy()
        with store.write() as rows:
            rows.celebrities.delete(ann.celebrity_id)
        found(store, vectors[0])
        store.tidy()
        store.close()
        engine = create_engine(url)
        with engine.connect() as connection:
            for table in ("faces", "users"):
                left = f"SELECT count(*) FROM {table} WHERE vector IS NOT NULL"
                assert connection.scalar(text(left)) == 1  # Bob's
        engine.dispose()
        files = [path for path in tmp_path.rglob("*") if path.is_file()]
        traces = [vector.astype("<f2").tobytes() for vector in vectors] + [b"Quixote"]
        for path in files:
            data = path.read_bytes()
            assert not any(trace in data for trace in traces), path


def test_it_is_all_or_nothing(store: Store) -> None:
    put(store, ANN, basis(0))
    with pytest.raises(InvalidVector):
        # Refused only when the details are changed and the first of the faces is stored.
        put(store, CelebrityDetails("Ann", licence="none"), basis(1, 2) * [[1], [2]])
    with store.read() as rows:
        assert [each.details for each in rows.celebrities.list()] == [ANN]
    assert found(store, basis(0)[0]) == ["Ann"]
