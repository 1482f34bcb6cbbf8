/// Where sources that were changed through the API are kept.
package enum ConfigStoreMode: String, Sendable, CaseIterable {
    /// In the database, for all replicas.
    case database
    /// Nowhere: until a replica starts again.
    case none
}

extension Setting {
    static let configStore = Setting(
        variable: "CATALOG_CONFIG_STORE_MODE", flag: "config-store", standard: "database",
        choices: ConfigStoreMode.allCases.map(\.rawValue),
        refused: [
            "file": "the sources file is not written in this release; use database",
            "k8s": "a ConfigMap is not written in this release; use database",
        ])
}
