-- Why the last refresh of a source failed, as a word that programs can tell: the stable code beside the text.
ALTER TABLE catalog_sources ADD COLUMN error_code text COLLATE "C";
