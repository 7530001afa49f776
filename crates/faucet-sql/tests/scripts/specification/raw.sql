-- Binary format for high-frequency data
CREATE STREAM RawFeed (
    payload BYTES
) WITH (
    type = 'source',
    extension = 'websocket',
    format = 'bytes',
    "websocket.url" = 'wss://high-freq.example.com/raw'
);
