"""A chat service as a program: users log in over HTTP, and talk over a WebSocket."""

CHAT = """
import asyncio, http, json, os, secrets
from urllib.parse import parse_qs, urlsplit
from websockets.asyncio.server import serve

tokens, rooms = {}, set()

def route(connection, request):
    way = urlsplit(request.path)
    if way.path == "/ws":
        user = tokens.get(request.headers.get("Authorization", "").removeprefix("Bearer "))
        if user is None:
            return connection.respond(http.HTTPStatus.FORBIDDEN, "log in first\\n")
        connection.user = user
        return None
    if way.path == "/login":
        name = parse_qs(way.query)["name"][0]
        token = secrets.token_hex(8)
        tokens[token] = name
        response = connection.respond(http.HTTPStatus.OK, json.dumps({"token": token}))
        response.headers["Set-Cookie"] = f"name={name}"
        return response
    if way.path == "/logout":
        tokens.pop(parse_qs(way.query)["token"][0], None)
        return connection.respond(http.HTTPStatus.OK, "bye")
    if way.path == "/me":
        return connection.respond(http.HTTPStatus.OK, request.headers.get("Cookie", "nobody"))
    if way.path == "/count":
        return connection.respond(http.HTTPStatus.OK, json.dumps({"tokens": len(tokens), "open": len(rooms)}))
    return connection.respond(http.HTTPStatus.NOT_FOUND, "nothing here")

async def talk(connection):
    rooms.add(connection)
    try:
        async for message in connection:
            if message == "leave":
                await connection.close(4001, "as you wish")
            elif message == "die":
                connection.transport.abort()
            elif message == "think":
                for step in ("started", "thinking", "done"):
                    await asyncio.sleep(0.02)
                    await connection.send(json.dumps({"type": step, "user": connection.user}))
            elif isinstance(message, str) and message.startswith("all:"):
                for other in list(rooms):
                    await other.send(message)
            else:
                await connection.send(message)
    finally:
        rooms.discard(connection)

async def main():
    async with serve(talk, "127.0.0.1", int(os.environ["PORT"]), process_request=route, subprotocols=["chat.v2", "chat.v1"]):
        await asyncio.get_running_loop().create_future()

asyncio.run(main())
"""
