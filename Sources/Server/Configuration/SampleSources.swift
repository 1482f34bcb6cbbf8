import WritePath

/// The sample catalogs, for a server that was started with nothing at all.
enum SampleSources {
    /// In a checkout, and where the package puts them.
    static let places = [
        "catalogs/sources.yaml", "/usr/share/catalog-server/catalogs/sources.yaml",
    ]

    /// The file of the sources: the one that is set, or else the standard one.
    ///
    /// On the embedded store the samples take the place of a standard file that is missing. With a
    /// database of its own a server is meant to have sources of its own, and stops without them.
    static func path(
        _ reader: ConfigurationReader, _ database: DatabaseChoice, among places: [String] = places,
        note: (_ setting: String, _ reason: String) -> Void
    ) throws(ConfigurationReader.Failure) -> String {
        let path = try reader.text(.sources)
        guard database.isEmbedded, !reader.isGiven(.sources), !SourceText.exists(path),
            let samples = places.first(where: SourceText.exists)
        else { return path }
        note(
            Setting.sources.variable,
            "nothing is set and \(path) is missing: the sample catalogs of \(samples) are served")
        return samples
    }
}
