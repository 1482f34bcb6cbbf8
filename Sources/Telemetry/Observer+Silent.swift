import Logging

extension Observer {
    /// An observer for programs that show their results themselves: it counts, and logs nothing.
    package static func silent() -> Observer {
        Observer(
            logger: Logger(label: "silent") { _ in SwiftLogNoOpLogHandler() },
            registry: MetricsRegistry())
    }
}
