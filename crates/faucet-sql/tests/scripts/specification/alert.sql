-- Output stream to WebSocket server
CREATE STREAM AlertOutput (
    symbol STRING,
    alert_type STRING,
    price DOUBLE,
    timestamp LONG
) WITH (
    type = 'sink',
    extension = 'websocket',
    format = 'json',
    "websocket.url" = 'wss://dashboard.example.com/alerts',
    "websocket.message.type" = 'text'
);

-- Send price spike alerts
INSERT INTO AlertOutput
SELECT
    symbol,
    'PRICE_SPIKE' AS alert_type,
    price,
    event_timestamp() AS timestamp
FROM TradeStream
WHERE price_change_pct > 5.0;
