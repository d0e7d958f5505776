"""A client made with aiomqtt."""

import asyncio

import aiomqtt
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from lines import next_command, say, say_message


async def tell_messages(client):
    try:
        async for message in client.messages:
            properties = message.properties
            say_message(
                str(message.topic),
                message.payload,
                message.qos,
                message.retain,
                getattr(properties, "ResponseTopic", None),
                getattr(properties, "CorrelationData", None),
            )
    except aiomqtt.MqttError:
        pass


async def connect(command):
    v5 = command["version"] == 5
    will = command.get("will")
    arguments = {"clean_session": command["clean"]}
    if v5:
        properties = Properties(PacketTypes.CONNECT)
        properties.SessionExpiryInterval = command["expiry"]
        arguments = {"clean_start": command["clean"], "properties": properties}
    client = aiomqtt.Client(
        "127.0.0.1",
        command["port"],
        identifier=command["client_id"],
        protocol=aiomqtt.ProtocolVersion.V5 if v5 else aiomqtt.ProtocolVersion.V311,
        transport=command["transport"],
        will=aiomqtt.Will(will["topic"], will["payload"], will["qos"], will["retain"]) if will else None,
        **arguments,
    )
    await client.__aenter__()
    # The library does not tell whether the session was resumed.
    say("connected", session_present=None)
    return client, asyncio.create_task(tell_messages(client))


async def publish(client, command):
    properties = None
    if command.get("response_topic"):
        properties = Properties(PacketTypes.PUBLISH)
        properties.ResponseTopic = command["response_topic"]
    if command.get("correlation"):
        properties = properties or Properties(PacketTypes.PUBLISH)
        properties.CorrelationData = bytes.fromhex(command["correlation"])
    await client.publish(command["topic"], command["payload"], command["qos"], command["retain"], properties)
    say("published")


async def main():
    client = messages = None
    while command := await asyncio.to_thread(next_command):
        match command["do"]:
            case "connect":
                client, messages = await connect(command)
            case "subscribe":
                codes = await client.subscribe(command["filter"], command["qos"])
                say("subscribed", code=getattr(codes[0], "value", codes[0]))
            case "publish":
                await publish(client, command)
            case "disconnect":
                await client.__aexit__(None, None, None)
                await messages
                say("disconnected")


asyncio.run(main())
