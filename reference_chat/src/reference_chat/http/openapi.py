"""The OpenAPI document of the table of endpoints."""

import re
from collections.abc import Sequence
from typing import Any

import msgspec

from reference_chat.http.bodies import Error, Ready
from reference_chat.http.endpoint import Endpoint

_WORDS = {
    400: "No JSON",
    401: "Not logged in",
    404: "Not there, or somebody else's",
    408: "Too slow",
    409: "Taken",
    413: "Too large",
    415: "Not JSON",
    422: "Does not fit",
    503: "A dependency is lost, or the service stops",
}


def document(table: Sequence[Endpoint]) -> dict[str, Any]:
    """OpenAPI 3.1."""
    shapes = {shape for endpoint in table for shape in (endpoint.answer, endpoint.body) if shape} | {Error}
    shapes_in_order = sorted(shapes, key=lambda shape: shape.__name__)
    _, components = msgspec.json.schema_components(shapes_in_order, ref_template="#/components/schemas/{name}")
    paths: dict[str, dict[str, Any]] = {}
    for endpoint in table:
        paths.setdefault(endpoint.path, {})[endpoint.method.lower()] = _operation(endpoint)
    return {
        "openapi": "3.1.0",
        "info": {"title": "reference chat", "version": "1", "description": "Log in, ask over /ws, get an answer."},
        "paths": paths,
        "components": {
            "schemas": components,
            "securitySchemes": {"bearer": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}},
        },
    }


def _operation(endpoint: Endpoint) -> dict[str, Any]:
    refuses = {503, *endpoint.refuses, *((401,) if endpoint.bearer else ())}
    if endpoint.body:
        refuses |= {400, 408, 413, 415, 422}
    responses: dict[str, Any] = {str(endpoint.status): {"description": "Done"}}
    if endpoint.answer:
        responses[str(endpoint.status)] |= _content(endpoint.answer)
    for status in sorted(refuses):
        shape = Ready if endpoint.answer is Ready else Error
        responses[str(status)] = {"description": _WORDS[status], **_content(shape)}
    operation: dict[str, Any] = {
        "summary": endpoint.summary,
        "operationId": endpoint.handle.__name__,
        "responses": responses,
    }
    parameters = [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string", "minLength": 1}}
        for name in re.findall(r"{(\w+)}", endpoint.path)
    ]
    if endpoint.path.endswith("/events"):
        number = {"type": "integer", "minimum": -1, "maximum": 2**31 - 1, "default": -1}
        parameters.append({"name": "after", "in": "query", "required": False, "schema": number})
    if parameters:
        operation["parameters"] = parameters
    if endpoint.bearer:
        operation["security"] = [{"bearer": []}]
    if endpoint.body:
        operation["requestBody"] = {"required": True, **_content(endpoint.body)}
    return operation


def _content(shape: type[msgspec.Struct]) -> dict[str, Any]:
    return {"content": {"application/json": {"schema": {"$ref": f"#/components/schemas/{shape.__name__}"}}}}
