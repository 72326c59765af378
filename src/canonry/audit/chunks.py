"""Records and findings -> one chunk of a result."""

from collections.abc import Sequence

import msgspec

from canonry.audit.closing import Closing
from canonry.audit.result import DocumentRecord, FileRecord, chunk_of, legible
from canonry.model.finding import Finding


def encode_chunk(
    encoder: msgspec.msgpack.Encoder,
    files: list[FileRecord],
    closings: Sequence[Closing],
    documents: Sequence[DocumentRecord] = (),
) -> bytes:
    """Some files, and what became of the findings in them, as MessagePack; file names that are no text are spelled."""
    findings = [finding for closing in closings for finding in closing.open]
    closed = [each for closing in closings for each in closing.closed]
    try:
        return encoder.encode(chunk_of(files, findings, documents, closed))
    except UnicodeEncodeError:  # a file name that is no UTF-8
        replace = msgspec.structs.replace
        findings = [legible_finding(finding) for finding in findings]
        return encoder.encode(
            chunk_of(
                [replace(record, path=legible(record.path)) for record in files],
                findings,
                [replace(record, path=legible(record.path)) for record in documents],
                [replace(each, finding=legible_finding(each.finding)) for each in closed],
            )
        )


def legible_finding(finding: Finding) -> Finding:
    """The finding with paths and words that every report can hold."""
    replace = msgspec.structs.replace
    related = tuple(replace(other, path=legible(other.path)) for other in finding.related)
    return replace(finding, path=legible(finding.path), message=legible(finding.message), related=related)
