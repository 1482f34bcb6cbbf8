-- A replica that loads a collection reads it in about the order of its keys: out of an index the rows come at
-- once and one after the other, where a sort would keep both sides waiting until it has seen them all. A part of
-- the name is enough for that, and fits into an index however long the name is.
CREATE INDEX entities_order ON entities (namespace, plugin, kind, lower(substr(name, 1, 128)) COLLATE "C", id);
