-- Connect to authenticated WebSocket endpoint
CREATE STREAM PrivateEvents (
    event_type STRING,
    data STRING,
    timestamp LONG
) WITH (
    type = 'source',
    extension = 'websocket',
    format = 'json',
    "websocket.url" = 'wss://api.example.com/private/stream',
    "websocket.headers.Authorization" = 'Bearer eyJhbGciOiJIUzI1NiIs...',
    "websocket.headers.X-API-Key" = 'your-api-key',
    "websocket.subprotocol" = 'v1.json'
);
