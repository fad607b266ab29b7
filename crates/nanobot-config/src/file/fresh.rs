/// What a new user gets: the keys that one is likely to edit, and nothing whose default is good enough.
///
/// Plain JSON without comments, so that other programs can read it. Empty texts mean "not given", so that the
/// environment can still fill them.
pub(crate) const TEXT: &str = r#"{
  "agents": {
    "defaults": {
      "workspace": "~/.nanobot/workspace",
      "model": "",
      "provider": "auto"
    }
  },
  "providers": {
    "openrouter": {
      "apiKey": ""
    }
  },
  "channels": {
    "sendProgress": true,
    "sendToolHints": false
  },
  "gateway": {
    "host": "127.0.0.1",
    "port": 18790
  }
}
"#;
