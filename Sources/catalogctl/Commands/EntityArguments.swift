import ArgumentParser

/// Names one entity on the command line.
struct EntityArguments: ParsableArguments {
    @Argument(help: "The kind: its plural, its name, or PLUGIN/PLURAL.")
    var kind: String

    @Argument(help: "The name of the entity.")
    var name: String
}
