"""
Fabric's names, as this project accepts them: organisations, channels, chaincodes, collections and transactions.

Fabric itself accepts more in some places (an MSP id may be any text there). Names accepted here are safe in
policies, file names and addresses.
"""

from __future__ import annotations

from hlf.codec.words import Word

MSP_ID = Word(
    r"[A-Za-z0-9][A-Za-z0-9.-]{0,63}",
    "an MSP id of 1 to 64 letters, digits, dots and dashes, such as Org1MSP",
)
CHANNEL = Word(
    r"[a-z][a-z0-9.-]{0,248}",
    "a channel name (a small letter, then up to 248 small letters, digits, dots and dashes)",
)
CHAINCODE = Word(
    r"[A-Za-z0-9]+([-_][A-Za-z0-9]+)*",
    "a chaincode name (letters and digits, with single dashes or underscores between them)",
)
VERSION = Word(r"[A-Za-z0-9_.+-]+", "a version of letters, digits and _.+-")
COLLECTION = Word(r"[A-Za-z0-9-]+([A-Za-z0-9_-]+)*", "a collection name of letters, digits, dashes and underscores")
SHA256 = Word(r"[0-9a-f]{64}", "a SHA-256 of 64 hexadecimal digits in small letters")
TRANSACTION_ID = Word(SHA256.pattern, "a transaction id of 64 hexadecimal digits")
