"""Personal data at rest: AES-GCM ciphertext to read, a keyed blind index to look up."""

import base64
import binascii
import hmac
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import NamedTemporaryFile

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from storage import private

KEY_BYTES = 32
NONCE_BYTES = 12  # 96 bits, what AES-GCM is specified for
VERSION = b"\x01"
HEADER_BYTES = 5  # the version and four bytes that name the key


class VaultError(Exception):
    """Personal data cannot be sealed or opened; the text says why."""


class MalformedKey(VaultError, ValueError):
    """A key is not what `generate_key` makes."""


class UnknownKey(VaultError):
    """Sealed with a key that is not among ours."""


class Damaged(VaultError):
    """No sealed text, or one that was changed since it was sealed."""


@dataclass(frozen=True, slots=True)
class _Key:
    header: bytes
    cipher: AESGCM
    index: bytes
    signature: bytes


def generate_key() -> str:
    """A new key for PERSONAL_DATA_KEYS: 32 random bytes as base64url."""
    return base64.urlsafe_b64encode(os.urandom(KEY_BYTES)).decode()


class Vault:
    """Seals and opens texts. The first key seals; all keys open and look up.

    Keys are base64url texts of 32 bytes. Raises MalformedKey.
    """

    def __init__(self, keys: Sequence[str]) -> None:
        if not keys:
            raise MalformedKey("no key for personal data was given")
        derived = [_derive(_decode(number, key)) for number, key in enumerate(keys, 1)]
        self._first = derived[0]
        self._by_header = {key.header: key for key in derived}
        if len(self._by_header) < len(derived):
            raise MalformedKey("the same key for personal data was given twice")

    @property
    def header(self) -> bytes:
        """What every blob begins with that the first key sealed (HEADER_BYTES long)."""
        return self._first.header

    def seal(self, text: str) -> bytes:
        """Encrypt with the first key: header, nonce, ciphertext with its tag."""
        nonce = os.urandom(NONCE_BYTES)
        key = self._first
        return key.header + nonce + key.cipher.encrypt(nonce, text.encode(), key.header)

    def open(self, blob: bytes) -> str:
        """The text that was sealed. Raises UnknownKey or Damaged."""
        key = self._key_of(blob)
        nonce = blob[HEADER_BYTES : HEADER_BYTES + NONCE_BYTES]
        try:
            return key.cipher.decrypt(nonce, blob[len(key.header + nonce) :], key.header).decode()
        except (InvalidTag, ValueError) as error:
            raise Damaged("personal data was changed since it was sealed") from error

    def needs_rotation(self, blob: bytes) -> bool:
        """Whether another key than the first sealed it. Raises UnknownKey or Damaged."""
        return self._key_of(blob) is not self._first

    def knows(self, header: bytes) -> bool:
        """Whether what begins with this header was sealed with one of our keys."""
        return header in self._by_header

    def index(self, way: str, value: str) -> bytes:
        """The blind index under the first key: 32 bytes, the same for the same value."""
        return _index(self._first, way, value)

    def indexes(self, way: str, value: str) -> list[bytes]:
        """The blind index under every key, the first key's first: a row may bear any of them."""
        return [_index(key, way, value) for key in self._all()]

    def signatures(self, text: str) -> list[bytes]:
        """32 bytes that only who has the key can make, under every key, the first key's first."""
        return [hmac.digest(key.signature, text.encode(), "sha256") for key in self._all()]

    def _all(self) -> Iterable[_Key]:
        return self._by_header.values()

    def _key_of(self, blob: bytes) -> _Key:
        header = blob[:HEADER_BYTES]
        if len(header) < HEADER_BYTES or header[:1] != VERSION:
            raise Damaged("this is no sealed personal data")
        try:
            return self._by_header[header]
        except KeyError:
            raise UnknownKey(
                "personal data was sealed with a key that is not in PERSONAL_DATA_KEYS"
            ) from None


def _decode(number: int, text: str) -> bytes:
    text = text.strip()
    try:
        text += "=" * (-len(text) % 4)  # the padding gets lost in copying
        raw = base64.b64decode(text, altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        raw = b""
    if len(raw) != KEY_BYTES:
        # The key itself is never shown, not even a wrong one.
        raise MalformedKey(f"key {number} for personal data is not {KEY_BYTES} bytes as base64url")
    return raw


def _derive(raw: bytes) -> _Key:
    """One secret, several uses: HKDF (RFC 5869) keeps them independent of each other."""

    def part(use: str, length: int) -> bytes:
        info = f"stockbell personal data 1: {use}".encode()
        return HKDF(algorithm=SHA256(), length=length, salt=None, info=info).derive(raw)

    name = part("key name", HEADER_BYTES - len(VERSION))
    return _Key(
        VERSION + name, AESGCM(part("encryption", 32)), part("index", 32), part("signature", 32)
    )


def _index(key: _Key, way: str, value: str) -> bytes:
    return hmac.digest(key.index, f"{way}\0{value}".encode(), "sha256")


def load_or_create_key_file(path: Path) -> list[str]:
    """The keys in the file, one a line; a file that is not there gets one new key.

    The file is readable by its owner only. Two that create it at once agree on one key.
    """
    if not path.exists():
        _create(path)
    private.tighten(path)
    return [line.strip() for line in path.read_text("ascii").splitlines() if line.strip()]


def _create(path: Path) -> None:
    """Write it whole under another name, then link: nobody ever reads half a key."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with NamedTemporaryFile("w", dir=path.parent, prefix=path.name) as draft:  # made as 0600
        draft.write(generate_key() + "\n")
        draft.flush()
        os.fsync(draft.fileno())
        try:
            os.link(draft.name, path)
        except FileExistsError:
            return  # another starter was faster, and its key counts
