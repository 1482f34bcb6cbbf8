/// Where the Kubernetes API is and what the service account's files are called.
package struct ClusterAccess: Sendable, Hashable {
    package let host: String
    package let port: Int
    package let tokenPath: String
    package let authorityPath: String
    package let namespacePath: String

    package init(
        host: String, port: Int, tokenPath: String, authorityPath: String, namespacePath: String
    ) {
        self.host = host
        self.port = port
        self.tokenPath = tokenPath
        self.authorityPath = authorityPath
        self.namespacePath = namespacePath
    }

    /// The beginning of every address.
    var base: String {
        host.contains(":") ? "https://[\(host)]:\(port)" : "https://\(host):\(port)"
    }
}
