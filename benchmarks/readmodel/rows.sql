-- Rows of the read model from the number %(first)s to %(last)s, which count journeys in the first two statements and
-- events in the others. Names in braces are the constants of filling.py.

INSERT INTO model_records
SELECT '{msp_id}', channel, encode(sha256((kind || n)::bytea), 'hex'), kind, id, 0, state, document, n * {each},
    encode(sha256(n::text::bytea), 'hex'), {began} + n * {each} * {apart}
FROM generate_series(%(first)s::int, %(last)s::int) AS n,
LATERAL (SELECT CASE WHEN n % 1000 = 0 THEN 'disputed' ELSE ({states})[1 + n % 5] END AS state) AS s,
LATERAL (SELECT '{{"filling": "' || repeat('x', 800) || '"}}' AS document) AS d,
LATERAL (VALUES
    ('{orders_channel}', 'orders', 'O-' || lpad(n::text, 7, '0')),
    ('{channel}', 'journeys', 'J-' || lpad(n::text, 7, '0')),
    ('{channel}', 'parcels', 'P-' || n)
) AS k(channel, kind, id);

INSERT INTO model_labels (msp_id, channel, record, name, value, kind, block_number)
SELECT '{msp_id}', channel, encode(sha256((kind || n)::bytea), 'hex'), name, value, kind, n * {each}
FROM generate_series(%(first)s::int, %(last)s::int) AS n,
LATERAL (SELECT CASE WHEN n % 1000 = 0 THEN 'DISPUTED' ELSE upper(({states})[1 + n % 5]) END AS state) AS s,
LATERAL (VALUES ('{orders_channel}', 'orders'), ('{channel}', 'journeys'), ('{channel}', 'parcels')) AS k(channel, kind),
LATERAL (VALUES
    ('id', 'O' || lpad(n::text, 7, '0')),
    ('state', state),
    ('merchant', upper(({merchants})[1 + n % 20])),
    ('platform', upper('{msp_id}')),
    ('checkout', 'O' || lpad(n::text, 7, '0')),
    ('currency', (ARRAY['VND', 'THB', 'IDR'])[1 + n % 3]),
    ('destination', ({places})[1 + n % 200]),
    ('hash', upper(encode(sha256(n::text::bytea), 'hex'))),
    ('lines.gtin', (n % 5000)::text)
) AS l(name, value);

INSERT INTO model_events
SELECT '{msp_id}', '{channel}', n, 0, 'trade', ({events})[1 + n % 12], encode(sha256(n::text::bytea), 'hex'),
    {began} + n * {apart}, '{{"journey_id": "J-' || n / {each} || '"}}'
FROM generate_series(%(first)s::int, %(last)s::int) AS n;

INSERT INTO model_epcis_events
SELECT '{msp_id}', '{channel}', encode(sha256(n::text::bytea), 'hex'),
    encode(sha256(('page' || n / {each})::bytea), 'hex'), n, 0, {began} + n * {apart}, {began} + n * {apart},
    CASE WHEN n % 5000 = 0 THEN {began} + n * {apart} END, '{{"filling": "' || repeat('x', 700) || '"}}'
FROM generate_series(%(first)s::int, %(last)s::int) AS n;

INSERT INTO model_epcis_names (msp_id, channel, block_number, position, name, value, number)
SELECT '{msp_id}', '{channel}', n, 0, name, value, NULL
FROM generate_series(%(first)s::int, %(last)s::int) AS n,
LATERAL (VALUES
    ('type', 'ObjectEvent'),
    ('action', 'OBSERVE'),
    ('bizStep', ({steps})[1 + n % 15]),
    ('selat:stage', ({stages})[1 + n % 20]),
    ('eventID', 'ni:///sha-256;' || encode(sha256(n::text::bytea), 'hex') || '?ver=CBV2.0'),
    ('readPoint', ({places})[1 + n / 7 % 200]),
    ('epc', 'https://id.gs1.org/00/' || lpad((n / {each})::text, 18, '0')),
    ('bizTransaction_po', 'https://example.com/order/O-' || n / {each}),
    ('selat:journey', 'J-' || lpad((n / {each})::text, 7, '0')),
    ('selat:recorder', ({merchants})[1 + n / 3 % 20])
) AS l(name, value)
