/// Where sources that were changed through the API are kept.
package enum ConfigStoreMode: String, Sendable, CaseIterable {
    /// In the database, for all replicas.
    case database
    /// In the operator's sources file.
    case file
    /// In a ConfigMap of the cluster.
    case k8s
    /// Nowhere: until a replica starts again.
    case none
}

extension Setting {
    static let configStore = Setting(
        variable: "CATALOG_CONFIG_STORE_MODE", flag: "config-store", standard: "database",
        choices: ConfigStoreMode.allCases.map(\.rawValue))
    static let configNamespace = Setting(
        variable: "CATALOG_CONFIG_NAMESPACE", standard: "default")
    static let configMapName = Setting(
        variable: "CATALOG_CONFIG_CONFIGMAP_NAME", standard: "catalog-sources")
    static let configMapKey = Setting(
        variable: "CATALOG_CONFIG_CONFIGMAP_KEY", standard: "sources.yaml")
}
