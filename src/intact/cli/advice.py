"""What to do about errors of AWS and of the network, by their names alone: nothing is imported."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_CREDENTIALS = (
    "Give credentials as the AWS CLI takes them: --profile NAME, or AWS_ACCESS_KEY_ID and "
    "AWS_SECRET_ACCESS_KEY; a public bucket needs none with --no-sign-request."
)
_RENEW = "Renew the credentials, as by 'aws sso login'; 'aws sts get-caller-identity' tests them."
_NETWORK = "Is the address right (--endpoint-url, --region), and does the network reach it?"
_THERE = "Is the name right?  'intact sum s3://BUCKET/PREFIX' lists what is there."
_BUCKET = "Is the name right, and --profile, --region and --endpoint-url those of its account?"
_DENIED = "'intact iam auditor' and 'intact iam submitter' print the permissions that are needed."
_JOB = "'intact job list --account-id ID' lists the jobs of a Region; is --region right?"
_NO_JOBS = (
    "That server knows no jobs: --control-endpoint-url names the one that does, such as that of "
    "'intact rehearse'."
)
_ASKING = {"DescribeJob", "ListJobs", "UpdateJobStatus", "UpdateJobPriority"}
_UNKNOWN = {"MethodNotAllowed", "NotImplemented", "405", "501"}
"""Codes of servers without S3 Control."""
_NO_NAMES = {"NoSuchBucket", "NoSuchKey", "404"}
"""Of such, to whom the path of a job is the name of an object."""
_STATE = "'intact job show' tells how the job stands."

ADVICE: Mapping[str, str] = {
    **dict.fromkeys(("NoCredentialsError", "PartialCredentialsError"), _CREDENTIALS),
    **dict.fromkeys(
        (
            *("CredentialRetrievalError", "TokenRetrievalError", "UnauthorizedSSOTokenError"),
            *("ExpiredToken", "ExpiredTokenException", "TokenRefreshRequired", "InvalidToken"),
            *("InvalidAccessKeyId", "SignatureDoesNotMatch", "InvalidClientTokenId"),
        ),
        _RENEW,
    ),
    **dict.fromkeys(
        (
            *("EndpointConnectionError", "ConnectTimeoutError", "ReadTimeoutError", "SSLError"),
            *("ConnectionClosedError", "ProxyConnectionError", "HTTPClientError"),
        ),
        _NETWORK,
    ),
    **dict.fromkeys(("404", "NoSuchKey", "NoSuchVersion"), _THERE),
    **dict.fromkeys(("NoSuchBucket", "PermanentRedirect", "IllegalLocationConstraint"), _BUCKET),
    **dict.fromkeys(("403", "AccessDenied", "AccessDeniedException"), _DENIED),
    **dict.fromkeys(("NoSuchJob", "NoSuchJobException"), _JOB),
    "JobStatusException": _STATE,
    "PreconditionFailed": "Something is there already, or was changed meanwhile; nothing was done.",
    "ProfileNotFound": "'aws configure list-profiles' names those that there are.",
    "NoRegionError": "Give --region, or set AWS_REGION.",
}
"""By the code of a refusal, or the name of the class of an error."""


def advice_on(error: BaseException) -> list[str]:
    """What to do about an error, or about what caused it; nothing where nobody knows."""
    if _knows_no_jobs(error):
        return [_NO_JOBS]
    return [ADVICE[name] for name in _names(error) if name in ADVICE][:1]


def _knows_no_jobs(error: BaseException | None) -> bool:
    """Whether a server answered that is not S3 Control."""
    while error is not None:
        code = _code(error)
        operation = getattr(error, "operation_name", None)
        if operation in _ASKING and code in _UNKNOWN | _NO_NAMES:
            return True
        if operation == "CreateJob" and code in _UNKNOWN:
            return True
        error = error.__cause__
    return False


def _code(error: BaseException) -> str | None:
    """Code of a refusal; None for another error."""
    response = getattr(error, "response", None)
    return str(response.get("Error", {}).get("Code", "")) if isinstance(response, dict) else None


def refused_as(error: BaseException, *codes: str) -> bool:
    """Whether S3 or S3 Control refused with one of these codes."""
    return not set(codes).isdisjoint(_names(error))


def _names(error: BaseException | None) -> Iterator[str]:
    while error is not None:
        if (code := _code(error)) is not None:
            yield code
        yield from (kind.__name__ for kind in type(error).__mro__)
        error = error.__cause__
