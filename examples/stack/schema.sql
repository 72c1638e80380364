CREATE TABLE IF NOT EXISTS visits (
    id    bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    path  text NOT NULL,
    seen  timestamptz NOT NULL DEFAULT now()
);
