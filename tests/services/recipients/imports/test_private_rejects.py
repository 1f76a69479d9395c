"""Only its owner can read the file of rejected rows; it is never written through a link."""

import os
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from django_smsbat.models import Recipient
from django_smsbat.services.recipients import imports
from django_smsbat.services.recipients.imports.rejects import Rejects

pytestmark = pytest.mark.django_db
ROWS = ("phone,name", "0670000077,Olena", "nowhere,Secretive Person")


def mode_of(path):
    return oct(path.lstat().st_mode & 0o777)


@pytest.fixture(params=[0o000, 0o022, 0o777])
def umask(request):
    before = os.umask(request.param)
    yield
    os.umask(before)


def test_only_its_owner_can_read_it(table, umask):
    path = table(*ROWS)
    assert mode_of(imports.import_file(path, "All").rejects) == "0o600"


def test_an_earlier_readable_file_is_replaced(table):
    path = table(*ROWS)
    rejects = path.with_name(f"{path.name}.rejects.csv")
    rejects.write_text("of an earlier import")
    rejects.chmod(0o644)
    with rejects.open() as open_elsewhere:
        imports.import_file(path, "All")
        assert open_elsewhere.read() == "of an earlier import"
    assert mode_of(rejects) == "0o600"
    assert "Secretive" in rejects.read_text()


def test_a_continued_file_stays_private(tmp_path):
    path = tmp_path / "rejects.csv"
    with Rejects(path, 0, ["phone"]) as rejects:
        rejects.add(2, "wrong", ["x"])
    path.chmod(0o644)
    with Rejects(path, 2, ["phone"]) as rejects:
        rejects.add(3, "wrong", ["y"])
    assert mode_of(path) == "0o600"
    assert [line.split(",")[0] for line in path.read_text().splitlines()[1:]] == ["2", "3"]


@pytest.mark.parametrize("target", ["victim.txt", "not-there.txt"])
def test_a_link_is_refused_before_anything_is_imported(table, tmp_path, target):
    path, victim = table(*ROWS), tmp_path / "victim.txt"
    victim.write_text("2,of somebody else")
    link = path.with_name(f"{path.name}.rejects.csv")
    link.symlink_to(tmp_path / target)
    with pytest.raises(CommandError, match="exists and is not a regular file"):
        call_command("smsbat_import", str(path), "--list", "All", stdout=StringIO())
    assert victim.read_text() == "2,of somebody else"
    assert not (tmp_path / "not-there.txt").exists()
    assert not Recipient.objects.exists()


def test_a_link_at_the_name_of_the_copy_is_not_followed(tmp_path):
    path, victim = tmp_path / "rejects.csv", tmp_path / "victim.txt"
    victim.write_text("untouched")
    with Rejects(path, 0, ["phone"]) as rejects:
        rejects.add(2, "wrong", ["x"])
    (tmp_path / "rejects.csv.new").symlink_to(victim)
    with pytest.raises(FileExistsError), Rejects(path, 2, ["phone"]):
        pass
    assert victim.read_text() == "untouched"
    assert "2,wrong,x" in path.read_text(encoding="utf-8-sig")


def test_a_device_is_neither_written_nor_removed(tmp_path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with pytest.raises(FileExistsError):
        Rejects(pipe, 0, ["phone"])
    assert pipe.is_fifo()
