"""Runs one channel package as a plugin of the gateway.

``python -m nanobot.host <key>`` takes the entry point of that key, speaks the plugin protocol over
stdin and stdout, and drives an unmodified subclass of `BaseChannel`. In reading order:

- `cli` takes the pipes, greets the gateway (`handshake`) and starts the loop;
- `pipes`, `wire` and `link` move lines; nothing else knows of JSON lines;
- `package` finds, describes and constructs the channel;
- `session` answers what the gateway asks, `lifecycle` starts and stops the channel;
- `intake` takes messages from the channel to the gateway, `deliveries` and `streams` bring the
  answers, `originals` keeps the metadata in between;
- `logs`, `failures` and `terminal` say what happens.
"""
