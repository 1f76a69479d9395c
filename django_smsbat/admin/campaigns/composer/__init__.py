"""The composer: inputs for what each message type is made of, and the phone that shows it."""
