"""`openrekog celebrities` as a user runs it, with the fake pack."""

import csv
import io
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import PIL.Image
import pytest
from typer.testing import CliRunner

from openrekog.server.cli import app
from tests.acceptance.photos import blurred, jpeg, nobody, person, png

HEADER = "name,images,wikidata_id,urls,known_gender,licence,consent,source\n"


@dataclass(frozen=True)
class Done:
    returncode: int
    stdout: str
    stderr: str


Run = Callable[..., Done]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """In this process: a new one takes seconds to begin, and these are many."""
    monkeypatch.chdir(tmp_path)
    for name in [name for name in os.environ if name.startswith("OPENREKOG_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("OPENREKOG_PACKS", '["fake"]')

    def do(*arguments: str | Path) -> Done:
        words = ["celebrities", *map(str, arguments), "--data-dir", str(tmp_path / "data")]
        result = CliRunner().invoke(app, words)
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        return Done(result.exit_code, result.stdout, result.stderr)

    return do


@pytest.fixture
def people(tmp_path: Path) -> Path:
    """Ann has a folder of two pictures, Bob and Zoe a picture each."""
    folder = tmp_path / "people"
    (folder / "Ann_Lee").mkdir(parents=True)
    (folder / "Ann_Lee" / "1.png").write_bytes(person(1))
    (folder / "Ann_Lee" / "2.jpg").write_bytes(again(person(1)))
    (folder / "Bob.png").write_bytes(person(2))
    (folder / "Zoë Ray.png").write_bytes(person(3))
    (folder / ".hidden.png").write_bytes(person(4))
    (folder / "notes.txt").write_text("no picture")
    return folder


def again(picture: bytes) -> bytes:
    return jpeg(PIL.Image.open(io.BytesIO(picture)).convert("RGB"), quality=80)


def listed(run: Run) -> list[str]:
    """Without the ids."""
    return [line.partition("  ")[2] for line in run("list").stdout.splitlines()]


def exported(run: Run) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(run("export", "-").stdout)))


class TestImport:
    def test_a_folder_of_people(self, run: Run, people: Path) -> None:
        done = run("import", people, "--licence", "CC0", "--source", "made for tests")
        assert (done.returncode, done.stdout) == (
            0,
            "3 people imported: 3 new, 0 changed, 0 unchanged, by 4 pictures.\n",
        )
        assert done.stderr.splitlines() == ["[0/3] Ann Lee", "[1/3] Bob", "[2/3] Zoë Ray"]
        assert listed(run) == [
            "Ann Lee: 2 faces (fake); licence: CC0; consent: none noted",
            "Bob: 1 face (fake); licence: CC0; consent: none noted",
            "Zoë Ray: 1 face (fake); licence: CC0; consent: none noted",
        ]
        assert {row["source"] for row in exported(run)} == {"made for tests"}

    def test_the_same_import_again_changes_nothing(self, run: Run, people: Path) -> None:
        run("import", people)
        before = run("export", "-").stdout
        done = run("import", people)
        assert "3 people imported: 0 new, 0 changed, 3 unchanged, by 4 pictures." in done.stdout
        assert run("export", "-").stdout == before

    def test_pictures_replace_the_earlier_ones(self, run: Run, people: Path) -> None:
        run("import", people)
        (people / "Ann_Lee" / "1.png").unlink()
        done = run("import", people)
        assert "0 new, 1 changed, 2 unchanged" in done.stdout
        assert listed(run)[0].startswith("Ann Lee: 1 face (fake)")

    def test_it_asks_for_licence_and_consent(self, run: Run, people: Path) -> None:
        asked = "No licence and no consent is noted for 3 people"
        assert asked in run("import", people).stdout
        assert asked not in run("import", people, "--consent", "signed on paper").stdout
        assert asked not in run("import", people).stdout  # it is noted by now
        assert {row["consent"] for row in exported(run)} == {"signed on paper"}

    def test_a_csv_file(self, run: Run, people: Path, tmp_path: Path) -> None:
        table = tmp_path / "table.csv"
        table.write_text(
            HEADER
            + "Ann Lee,people/Ann_Lee/1.png; people/Ann_Lee/2.jpg,Q1,"
            + "https://www.example.com/ann;HTTP://b.example,female,CC0,,\n"
            + 'Bob,people/Bob.png,,,Male,,"said yes, twice",\n',
            encoding="utf-8-sig",
        )
        done = run("import", table, "--licence", "CC BY 4.0")
        assert (done.returncode, done.stderr.count("\n")) == (0, 2)
        ann, bob = exported(run)
        assert (ann["wikidata_id"], ann["urls"]) == ("Q1", "www.example.com/ann;b.example")
        assert (ann["known_gender"], ann["licence"], ann["faces"]) == ("Female", "CC0", "fake 2")
        assert (bob["licence"], bob["consent"]) == ("CC BY 4.0", "said yes, twice")

    def test_an_export_is_an_import_without_pictures(
        self, run: Run, people: Path, tmp_path: Path
    ) -> None:
        run("import", people)
        table = tmp_path / "table.csv"
        assert run("export", table).stdout == f"3 people in {table}.\n"
        table.write_text(table.read_text().replace("Bob,,,", "Bob,Q2,,"))
        done = run("import", table)
        assert "0 new, 1 changed, 2 unchanged" in done.stdout
        assert [row["wikidata_id"] for row in exported(run)] == ["", "Q2", ""]
        assert [row["faces"] for row in exported(run)] == ["fake 2", "fake 1", "fake 1"]


class TestPicturesOfNoUse:
    def test_each_is_told_and_the_others_are_taken(
        self, run: Run, people: Path, tmp_path: Path
    ) -> None:
        folder = people / "Ann_Lee"
        (folder / "blank.png").write_bytes(nobody())
        (folder / "broken.jpg").write_bytes(b"\xff\xd8 and no more")
        (folder / "tiny.png").write_bytes(nobody(40, 40))
        grey = blurred(PIL.Image.open(io.BytesIO(person(5))).convert("L").convert("RGB"), 8)
        (folder / "soft.png").write_bytes(png(grey.point(lambda value: value // 6 + 100)))
        (folder / "locked.png").symlink_to("nowhere")
        done = run("import", people)
        assert done.returncode == 0
        assert "3 people imported: 3 new, 0 changed, 0 unchanged, by 4 pictures." in done.stdout
        said = [line for line in done.stderr.splitlines() if not line.startswith("[")]
        assert said == [
            f"{folder}/blank.png: no face",
            f"{folder}/broken.jpg: cannot be read as a picture",
            f"{folder}/locked.png: No such file or directory",
            f"{folder}/soft.png: no usable face, the largest is blurred",
            f"{folder}/tiny.png: is too small, less than 80 pixels on one side",
        ]

    def test_a_person_without_any_is_left_out_and_the_exit_code_says_so(
        self, run: Run, people: Path
    ) -> None:
        (people / "Bob.png").write_bytes(nobody())
        (people / "Empty").mkdir()
        done = run("import", people)
        assert done.returncode == 1
        assert "2 people imported" in done.stdout
        assert "Bob: left out, no usable picture" in done.stderr
        assert "Empty: left out, no usable picture" in done.stderr
        assert done.stderr.endswith("2 people left out.\n")
        assert [line.partition(":")[0] for line in listed(run)] == ["Ann Lee", "Zoë Ray"]

    def test_who_was_there_before_stays(self, run: Run, people: Path) -> None:
        run("import", people)
        (people / "Bob.png").write_bytes(nobody())
        assert run("import", people).returncode == 1
        assert listed(run)[1].startswith("Bob: 1 face")

    def test_a_picture_of_somebody_else_is_told(self, run: Run, people: Path) -> None:
        (people / "Ann_Lee" / "3.png").write_bytes(person(9))
        done = run("import", people)
        assert f"{people}/Ann_Lee/3.png: looks like no other picture of Ann Lee" in done.stderr
        assert "2.jpg" not in done.stderr

    def test_one_person_under_two_names_is_told(self, run: Run, people: Path) -> None:
        (people / "Robert.png").write_bytes(person(2))
        said = run("import", people).stderr
        assert "Robert looks like Bob (" in said
        assert "similarity 100.0): a face as much like the one as the other is not named" in said


REFUSED = {
    "no name": ("name,images\n,people/Bob.png\n", "line 2: a name has 1 to 255 characters"),
    "long name": (f"name,images\n{'x' * 256},\n", "line 2: a name has 1 to 255 characters"),
    "gender": (
        "name,images,known_gender\nBob,,man\n",
        "line 2: known_gender 'man' is none of Male, Female, Nonbinary, Unlisted",
    ),
    "wikidata": ("name,wikidata_id\nBob,11641\n", "line 2: wikidata_id '11641' is not like"),
    "no file": ("name,images\nBob,people/no.png\n", "line 2: there is no file "),
    "twice": ("name,images\nBob,\nAnn,\nBob,\n", "Bob is there 2 times; list all pictures"),
    "column": ("name,picture\nBob,\n", "the first line must name columns, not 'picture', of name"),
    "no column": ("Bob\n", "the first line must name columns, not 'Bob', of name"),
    "more fields": ("name\nBob,x\n", "line 2: more fields than columns"),
    "nobody": ("name,images\n", "lists nobody"),
    "empty": ("", "the first line must name columns"),
    "latin-1": ("name\nZo\udceb\n", "is no CSV file in UTF-8"),
}


class TestRefusals:
    @pytest.mark.parametrize(("table", "said"), REFUSED.values(), ids=REFUSED)
    def test_a_list_with_faults_changes_nothing(
        self, run: Run, people: Path, tmp_path: Path, table: str, said: str
    ) -> None:
        path = tmp_path / "table.csv"
        path.write_text(table, errors="surrogateescape")
        done = run("import", path)
        assert done.returncode == 1
        assert said in done.stderr
        assert "Traceback" not in done.stderr
        assert not (tmp_path / "data").exists()

    @pytest.mark.parametrize(
        ("command", "said"),
        [
            (("import", "nowhere"), "Cannot read nowhere: No such file or directory"),
            (("import", "empty"), "empty lists nobody. A folder holds a folder of pictures"),
            (("delete", "Nobody"), "There is no Nobody in the gallery."),
            (("export", "no/such/folder.csv"), "Cannot write no/such/folder.csv: No such file"),
        ],
        ids=lambda value: value[0] if isinstance(value, tuple) else "",
    )
    def test_what_is_not_there(
        self, run: Run, tmp_path: Path, command: tuple[str, ...], said: str
    ) -> None:
        (tmp_path / "empty").mkdir()
        done = run(*command)
        assert done.returncode == 1
        assert said in done.stderr
        assert "Traceback" not in done.stderr


class TestDeleteAndExport:
    def test_by_name_and_by_id(self, run: Run, people: Path) -> None:
        run("import", people)
        ann, bob, _ = exported(run)
        done = run("delete", "Ann Lee")
        assert (done.returncode, done.stdout) == (
            0,
            f"Deleted Ann Lee ({ann['id']}) with 2 faces.\n",
        )
        assert run("delete", bob["id"]).stdout == f"Deleted Bob ({bob['id']}) with 1 face.\n"
        assert [row["name"] for row in exported(run)] == ["Zoë Ray"]
        assert run("delete", "Bob").returncode == 1

    def test_a_name_of_two_asks_for_the_id(self, run: Run, tmp_path: Path, people: Path) -> None:
        table = tmp_path / "table.csv"
        table.write_text(
            "name,images,wikidata_id\nAnn,people/Bob.png,Q1\nAnn,people/Ann_Lee/1.png,Q2\n"
        )
        assert run("import", table).returncode == 0
        done = run("delete", "Ann")
        assert done.returncode == 1
        assert "2 people are called Ann: give one of the ids " in done.stderr
        table.write_text("name,images\nAnn,people/Bob.png\n")
        again = run("import", table)
        assert again.returncode == 1
        assert "table.csv, line 2: 2 people are called Ann" in again.stderr
        assert "give a wikidata_id" in again.stderr

    def test_an_empty_gallery(self, run: Run) -> None:
        assert "The gallery is empty" in run("list").stdout
        assert run("export", "-").stdout.count("\n") == 1
