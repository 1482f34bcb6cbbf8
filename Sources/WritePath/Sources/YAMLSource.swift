package import CatalogModel

/// Loads sources of type `yaml`: one catalog file, or the text given in the configuration.
package enum YAMLSource {
    /// The entities of a source, all or nothing: one bad entity refuses the whole source.
    ///
    /// Blocks on the file system. With `root`, a file outside of that directory is refused; give
    /// it for definitions that did not come from the operator's own files. Throws every problem
    /// found, or `.unsupportedType` for a source of another type.
    package static func load(
        _ definition: SourceDefinition, plugin: PluginDefinition, within root: String? = nil
    ) throws(LoadError) -> LoadedSource {
        precondition(definition.plugin == plugin.name, "a source is loaded by its own plugin")
        let configuration = SourceSettings(definition, plugin: plugin)
        try configuration.checkType()
        let selection = try configuration.selection()
        let (text, file) = try configuration.text(within: root)
        let loaded = try parse(text, file: file, plugin: plugin)
        let entities = loaded.entities.filter { selection.includes($0.name) }
        let contradictions = selection.contradictions.map {
            "source \"\(definition.id)\": the pattern \"\($0)\" both includes and excludes"
        }
        return LoadedSource(
            entities: entities,
            warnings: configuration.warnings + contradictions + loaded.warnings)
    }

    /// The entities of a catalog text, before any selection; throws every problem found.
    package static func parse(
        _ text: String, file: String, plugin: PluginDefinition
    ) throws(LoadError) -> LoadedSource {
        let root = try YAMLDocument.parse(text, file: file)
        var reader = CatalogReader(file: file, plugin: plugin)
        let entities = reader.entities(root)
        try reader.problems.check()
        return LoadedSource(entities: entities, warnings: [])
    }
}
