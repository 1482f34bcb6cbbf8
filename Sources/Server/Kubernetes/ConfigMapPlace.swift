/// Where the sources lie in a cluster.
package struct ConfigMapPlace: Sendable, Hashable {
    let namespace: String
    let name: String
    let key: String
}
