from urllib.parse import unquote, unquote_plus

import pytest
from hypothesis import given

from intact.errors import FormatError, UsageError
from intact.s3 import ObjectRef, decode_key, encode_key
from intact.s3.names import bucket_arn, bucket_of_arn, key_of_arn, object_arn, parse_uri
from tests.strategies import AWKWARD_KEYS, bucket_names, keys, texts, version_ids


@given(key=keys)
def test_decoding_undoes_encoding(key: str) -> None:
    assert decode_key(encode_key(key)) == key


@given(key=keys)
def test_every_reader_decodes_an_encoded_key_alike(key: str) -> None:
    encoded = encode_key(key)
    readings = [
        decode_key(encoded, plus_is_space=True),
        unquote(encoded, errors="strict"),
        unquote_plus(encoded, errors="strict"),
    ]
    assert readings == [key, key, key]


@given(key=keys)
def test_an_encoded_key_needs_no_quoting_in_a_manifest(key: str) -> None:
    encoded = encode_key(key)
    assert encoded.isascii()
    assert encoded.isprintable()
    assert not set(encoded) & set('," +')


def test_keys_that_look_alike_stay_apart() -> None:
    assert len({encode_key(key) for key in AWKWARD_KEYS}) == len(AWKWARD_KEYS)


@pytest.mark.parametrize(
    ("key", "encoded"),
    [("a b+c/ü%", "a%20b%2Bc/%C3%BC%25"), ("~-._", "~-._"), ("\n\0", "%0A%00")],
)
def test_keys_are_encoded_as_rfc_3986_says_but_for_the_slash(key: str, encoded: str) -> None:
    assert encode_key(key) == encoded


def test_a_key_without_a_form_in_utf_8_is_refused() -> None:
    with pytest.raises(UsageError, match="wanted text that UTF-8 can express"):
        encode_key("a\ud800")


def test_a_plus_is_a_space_in_form_encoding_only() -> None:
    assert decode_key("a+b%2B") == "a+b+"
    assert decode_key("a+b%2B", plus_is_space=True) == "a b+"


@given(text=texts)
def test_what_is_not_encoded_reads_as_it_stands(text: str) -> None:
    plain = text.replace("%", "")
    assert decode_key(plain) == plain


@pytest.mark.parametrize("encoded", ["%FF", "%C3", "a%ED%A0%80", "\ud800"])
def test_what_decodes_to_no_utf_8_is_refused(encoded: str) -> None:
    with pytest.raises(FormatError, match="wanted the URL-encoded form of UTF-8"):
        decode_key(encoded)


@given(bucket=bucket_names | texts, key=keys, version_id=version_ids | texts)
def test_a_reference_prints_as_plain_ascii(bucket: str, key: str, version_id: str) -> None:
    text = str(ObjectRef(bucket=bucket, key=key, version_id=version_id))
    assert text.isascii()
    assert text.isprintable()
    assert " " not in text


def test_a_reference_names_its_version() -> None:
    assert str(ObjectRef(bucket="b", key="ä/1")) == "s3://b/%C3%A4/1"
    assert str(ObjectRef(bucket="b", key="k", version_id="null")) == "s3://b/k?versionId=null"


@given(bucket=bucket_names, key=keys)
def test_an_arn_names_the_bucket_and_key_that_it_was_made_of(bucket: str, key: str) -> None:
    arn = object_arn(bucket, key, partition="aws-cn")
    assert (bucket_of_arn(arn), key_of_arn(arn)) == (bucket, key)
    assert bucket_of_arn(bucket_arn(bucket)) == bucket


def test_arns_are_written_as_s3_writes_them() -> None:
    assert bucket_arn("b") == "arn:aws:s3:::b"
    assert object_arn("b", "k/1", partition="aws-us-gov") == "arn:aws-us-gov:s3:::b/k/1"


@pytest.mark.parametrize(
    ("arn", "bucket"),
    [
        ("arn:aws:s3:::b", "b"),
        ("arn:aws:s3:::b/k/1", "b"),
        ("arn:aws:s3:::bucket/k", "bucket"),
        ("arn:aws:s3express:us-west-2:111122223333:bucket/b--usw2-az1--x-s3", "b--usw2-az1--x-s3"),
        ("arn:aws:s3express:us-west-2:111122223333:/bucket/b--usw2-az1--x-s3", "b--usw2-az1--x-s3"),
    ],
)
def test_the_bucket_of_an_arn(arn: str, bucket: str) -> None:
    assert bucket_of_arn(arn) == bucket


NO_ARNS = [
    "",
    "b",
    "s3://b/k",
    "arn:aws:s3:::",
    "arn:aws:s3:::/k",
    "arn:aws:sns:::b/k",
    "urn:aws:s3:::b/k",
    "arn::s3:::b/k",
    "arn:aws:s3:us-west-2:111122223333:accesspoint/b/object/k",
    "arn:aws:s3express:::b/k",
    "arn:aws:s3express:us-west-2:111122223333:b/k",
]


@pytest.mark.parametrize("arn", NO_ARNS)
def test_what_names_no_bucket_is_refused(arn: str) -> None:
    with pytest.raises(UsageError, match="wanted arn:PARTITION:s3:::BUCKET"):
        bucket_of_arn(arn)


@pytest.mark.parametrize("arn", [*NO_ARNS, "arn:aws:s3:::b", "arn:aws:s3:::b/"])
def test_what_names_no_object_is_refused(arn: str) -> None:
    with pytest.raises(UsageError, match="wanted arn:PARTITION:s3:::BUCKET/KEY"):
        key_of_arn(arn)


@pytest.mark.parametrize(
    ("uri", "ref"),
    [
        ("s3://b/k", ObjectRef(bucket="b", key="k")),
        ("s3://b/a%20+/c", ObjectRef(bucket="b", key="a%20+/c")),
        ("s3://b/", ObjectRef(bucket="b", key="")),
        ("s3://b", ObjectRef(bucket="b", key="")),
    ],
)
def test_an_address_names_a_bucket_and_a_plain_key(uri: str, ref: ObjectRef) -> None:
    assert parse_uri(uri) == ref


@pytest.mark.parametrize("uri", ["", "b/k", "s3://", "s3:///k", "https://b/k"])
def test_another_address_is_refused(uri: str) -> None:
    with pytest.raises(UsageError, match="wanted s3://BUCKET/KEY"):
        parse_uri(uri)
