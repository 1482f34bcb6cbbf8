import Hummingbird
import HummingbirdCore
import Logging
import NIOCore
import NIOPosix
import ServiceLifecycle
import Telemetry
import UnixSignals

/// Puts the parts of one replica together and runs them until a signal says stop.
package struct CatalogServer: Sendable {
    private let configuration: ServerConfiguration
    private let started = ContinuousClock.now

    package init(configuration: ServerConfiguration) {
        self.configuration = configuration
    }

    /// Runs the replica; returns after a graceful shutdown, throws when a part cannot go on.
    package func run() async throws {
        // Two loops on one processor would only take turns; containers are limited by NIO itself.
        NIOSingletons.groupLoopCountSuggestion = min(
            System.coreCount, MachineFacts.allowedProcessors ?? System.coreCount)
        let writer = LineWriter.standardError()
        defer { writer.close() }
        let logger = Logger(label: "catalog-server") { label in
            var handler = JSONLogHandler(
                label: label, writer: writer, logLevel: configuration.logLevel)
            handler.metadataProvider = TraceContext.metadataProvider
            return handler
        }
        let registry = MetricsRegistry()
        let observer = Observer(logger: logger, registry: registry)
        observer.observe(.starting(version: CatalogServer.version))
        for setting in configuration.ignored {
            observer.observe(.settingIgnored(name: setting.name, reason: setting.reason))
        }
        do {
            let access = try await AccessParts(
                configuration.access,
                needsCluster: configuration.election?.backend == .kubernetes
                    || configuration.configStore == .k8s,
                registry: registry, observer: observer)
            let replica = try Replica(
                configuration: configuration, registry: registry, observer: observer,
                accessLog: AccessLog(writer: writer, sampleEvery: configuration.accessLogSample),
                access: access, started: started)
            var certificates: TLSCertificates?
            if let files = configuration.tls {
                certificates = try await TLSCertificates(
                    files, registry: registry, observer: observer)
            }
            try await group(replica, certificates, logger, observer).run()
            await access.shutdown()
            observer.observe(.stopped)
        } catch {
            observer.observe(.stopping(reason: "\(error)"))
            throw error
        }
    }

    /// The services in the order of their start; they stop in reverse, so requests end first.
    private func group(
        _ replica: Replica, _ certificates: TLSCertificates?, _ logger: Logger,
        _ observer: Observer
    ) -> ServiceGroup {
        var services = replica.services()
        if let certificates {
            services.append(
                ManagedService {
                    await certificates.run()
                } stop: {
                    certificates.stop()
                })
        }
        let listener = listener(replica, certificates, logger, observer)
        var settings = ServiceGroupConfiguration(
            services: (services + [listener] + replica.streams).map {
                .init(service: $0, failureTerminationBehavior: .gracefullyShutdownGroup)
            },
            gracefulShutdownSignals: [.sigterm, .sigint], logger: logger)
        settings.maximumGracefulShutdownDuration = ServerLimits.drainTimeout
        return ServiceGroup(configuration: settings)
    }

    /// What accepts connections: our own loops where the lane reads bytes and there is no TLS.
    private func listener(
        _ replica: Replica, _ certificates: TLSCertificates?, _ logger: Logger,
        _ observer: Observer
    ) -> any Service {
        let lane = replica.fastLane()
        @Sendable func isListening(_ address: SocketAddress?) {
            observer.observe(.listening(address: address.map { "\($0)" } ?? "unknown"))
        }
        if let lane, lane.mode == .bytes, certificates == nil {
            let responder = SlowResponder(
                replica.responder(), serverName: Self.name, logger: logger)
            return FrontListener(
                host: configuration.host, port: configuration.port, lane: lane,
                responder: { request, writer, channel in
                    try await responder.respond(to: request, writer, channel)
                },
                idleTimeout: ServerLimits.idleTimeout,
                loopCount: NIOSingletons.groupLoopCountSuggestion,
                onListening: isListening, logger: logger)
        }
        return Application(
            responder: replica.responder(),
            server: Self.server(lane, certificates),
            configuration: ApplicationConfiguration(
                address: .hostname(configuration.host, port: configuration.port),
                serverName: Self.name),
            onServerRunning: { channel in isListening(channel.localAddress) },
            logger: logger)
    }

    /// Connections with or without TLS, with the fast lane in front of the router or without.
    private static func server(
        _ lane: FastLane?, _ certificates: TLSCertificates?
    ) -> HTTPServerBuilder {
        let idleTimeout = ServerLimits.idleTimeout
        return HTTPServerBuilder { responder -> any ServerChildChannel in
            guard let certificates else {
                return FastLaneChannel(responder: responder, lane: lane, idleTimeout: idleTimeout)
            }
            return SecureChannel(
                responder: responder, lane: lane, certificates: certificates,
                idleTimeout: idleTimeout)
        }
    }

    private static let name = "catalog-server"

    /// The release, as logs and the CLI show it.
    package static let version = "0.1.0"
}
