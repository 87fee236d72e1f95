"""Sealed texts and blind indexes."""

import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.vault import (
    HEADER_BYTES,
    NONCE_BYTES,
    Damaged,
    MalformedKey,
    UnknownKey,
    Vault,
    generate_key,
    load_or_create_key_file,
)

OLD, NEW = generate_key(), generate_key()
ANY_VAULT = Vault([NEW])


@given(st.text())
def test_what_was_sealed_opens_to_the_same_text(text: str) -> None:
    assert ANY_VAULT.open(ANY_VAULT.seal(text)) == text


def test_the_same_text_never_looks_the_same_twice(vault: Vault) -> None:
    assert len({vault.seal("42") for _ in range(50)}) == 50


def test_a_sealed_text_does_not_show_its_content(vault: Vault) -> None:
    assert b"Mei Lin" not in vault.seal("Mei Lin")


@pytest.mark.parametrize(
    "position", [HEADER_BYTES, HEADER_BYTES + NONCE_BYTES, -1], ids=["nonce", "text", "tag"]
)
def test_a_changed_byte_is_noticed(vault: Vault, position: int) -> None:
    blob = bytearray(vault.seal("Mei Lin"))
    blob[position] ^= 1
    with pytest.raises(Damaged):
        vault.open(bytes(blob))


@pytest.mark.parametrize(
    "blob",
    [b"", b"\x01abc", b"plain text", ANY_VAULT.seal("x")[:-1]],
    ids=["nothing", "short", "plain", "cut"],
)
def test_what_is_no_sealed_text_is_refused(blob: bytes) -> None:
    with pytest.raises(Damaged):
        ANY_VAULT.open(blob)


def test_a_text_under_a_key_that_is_not_ours_says_so() -> None:
    with pytest.raises(UnknownKey, match="PERSONAL_DATA_KEYS"):
        Vault([NEW]).open(Vault([OLD]).seal("42"))


def test_the_name_of_a_key_cannot_be_swapped_for_another_key() -> None:
    both = Vault([NEW, OLD])
    blob = Vault([OLD]).seal("42")
    with pytest.raises(Damaged):
        both.open(both.header + blob[HEADER_BYTES:])


def test_the_first_key_seals_and_every_key_opens() -> None:
    both = Vault([NEW, OLD])
    assert both.open(Vault([OLD]).seal("42")) == "42"
    assert Vault([NEW]).open(both.seal("42")) == "42"


def test_only_what_another_key_sealed_needs_rotation() -> None:
    both = Vault([NEW, OLD])
    assert both.needs_rotation(Vault([OLD]).seal("42"))
    assert not both.needs_rotation(both.seal("42"))


def test_an_index_is_found_again_under_every_key() -> None:
    both = Vault([NEW, OLD])
    assert both.indexes("telegram", "42") == [
        Vault([NEW]).index("telegram", "42"),
        Vault([OLD]).index("telegram", "42"),
    ]


def test_an_index_tells_platforms_and_values_apart(vault: Vault) -> None:
    pairs = [("telegram", "42"), ("slack", "42"), ("telegram", "43"), ("telegram4", "2")]
    assert len({vault.index(*pair) for pair in pairs}) == len(pairs)


def test_a_key_without_its_padding_is_the_same_key() -> None:
    assert Vault([NEW.rstrip("=")]).open(ANY_VAULT.seal("42")) == "42"


@pytest.mark.parametrize(
    "keys",
    [[], [""], ["secret"], [NEW[:-4]], [NEW + NEW], [NEW, "ключ"], [NEW, NEW], ["!" * 44]],
    ids=["none", "empty", "word", "short", "long", "not ascii", "twice", "not base64"],
)
def test_a_malformed_key_is_refused_and_not_shown(keys: list[str]) -> None:
    with pytest.raises(MalformedKey) as refusal:
        Vault(keys)
    assert all(key not in str(refusal.value) for key in keys if key)


def test_a_key_file_is_made_once_and_for_its_owner_only(tmp_path: Path) -> None:
    path = tmp_path / "data" / "stockbell.db.key"
    keys = load_or_create_key_file(path)
    assert load_or_create_key_file(path) == keys
    assert Vault(keys)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [entry.name for entry in path.parent.iterdir()] == ["stockbell.db.key"]


def test_a_key_file_may_hold_older_keys_below_the_first(tmp_path: Path) -> None:
    path = tmp_path / "keys"
    path.write_text(f"{NEW}\n\n{OLD}\n")
    path.chmod(0o644)
    assert load_or_create_key_file(path) == [NEW, OLD]
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_starters_that_make_a_key_file_at_once_agree_on_the_key(tmp_path: Path) -> None:
    path = tmp_path / "keys"
    with ThreadPoolExecutor(8) as threads:
        found = list(threads.map(lambda _: load_or_create_key_file(path), range(8)))
    assert len({tuple(keys) for keys in found}) == 1
