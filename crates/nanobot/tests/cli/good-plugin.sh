#!/bin/sh
# A channel in a few lines of shell; one JSON object per line.

say() { printf '{"jsonrpc":"2.0",%s}\n' "$1"; }

while read -r line; do
    id=$(printf '%s' "$line" | sed -n 's/^{"jsonrpc":"2.0","id":\([0-9]*\),.*/\1/p')
    case $line in
    *'"method":"initialize"'*)
        say "\"id\":$id,\"result\":{\"protocol_version\":1,
\"plugin\":{\"name\":\"nanobot-channel-parrot\",\"version\":\"1.2.3\"},
\"channel\":{\"kind\":\"parrot\",\"display_name\":\"Parrot\"},\"capabilities\":{\"login\":{}},
\"config_schema\":{\"type\":\"object\"},
\"default_config\":{\"enabled\":false,\"callbackUrl\":null,\"allowFrom\":[]}}" | tr -d '\n'
        echo
        ;;
    *'"method":"channel/login"'*)
        printf '%s' "$line" >login.json
        login=$id
        say '"method":"login/prompt","params":{"kind":"qr","data":"parrot://link"}'
        say '"id":1,"method":"login/input","params":{"prompt":"Password:","secret":true}'
        ;;
    *'"value":"cracker"'*) say "\"id\":$login,\"result\":{\"logged_in\":true}" ;;
    *'"value":'*) say "\"id\":$login,\"result\":{\"logged_in\":false}" ;;
    *'"method":"channel/start"'*)
        printf '%s' "$line" >start.json
        say "\"id\":$id,\"result\":{}"
        say '"method":"channel/status","params":{"state":"connected"}'
        say '"id":1,"method":"message/received","params":{"chat":{"id":"room","kind":"direct"},"sender":{"id":"ada","is_bot":false},"text":"hello","format":"plain"}'
        ;;
    *'"method":"message/send"'*)
        printf 'delivered %s\n' "$line" >&2
        say "\"id\":$id,\"result\":{\"platform_ids\":[\"p1\"]}"
        ;;
    *'"method":"ping"'*) say "\"id\":$id,\"result\":{\"inbound_in_flight\":0,\"deliveries_in_flight\":0}" ;;
    *'"method":"shutdown"'*)
        say "\"id\":$id,\"result\":{}"
        exit 0
        ;;
    esac
done
