-- A message of a run is stored once, however many of its steps' requests repeat it: with the step that brought it first.
-- The parts of all steps refer to chunks by numbers that count through the run, so rows of a run move together.

ALTER TABLE chat_debug_payloads
    -- Blocks of compressed texts, each with its length before it; a later write of the step appends another.
    ADD COLUMN chunks bytea,
    -- For each block the number of its first chunk, how many there are, and their digests.
    ADD COLUMN chunk_index bytea;

ALTER TABLE chat_debug_payloads ALTER COLUMN chunks SET STORAGE EXTERNAL;
-- Kept in the row where it fits, since every write to the run reads it and little else.
ALTER TABLE chat_debug_payloads ALTER COLUMN chunk_index SET STORAGE EXTERNAL;
