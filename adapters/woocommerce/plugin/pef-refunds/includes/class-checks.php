<?php
/**
 * What must be right in this store, seen from inside.
 *
 * @package Pef_Refunds
 */

namespace Pef_Refunds;

defined( 'ABSPATH' ) || exit;

/**
 * The checks that need no service, each with its mend; and the service's own, as it tells them.
 */
final class Checks {

	const PROBE = 'pef_refunds_probe';

	/**
	 * All of them: first ours, then the service's.
	 *
	 * @return array[] Each with name, passed, detail and mend.
	 */
	public static function all(): array {
		return array_merge( self::here(), self::there() );
	}

	/**
	 * What this store can see by itself.
	 *
	 * @return array[]
	 */
	public static function here(): array {
		return array( self::permalinks(), self::https(), self::service_https(), self::methods(), self::own_refunds(), self::webhooks() );
	}

	/**
	 * What the service sees, or that it can't be asked.
	 *
	 * @return array[]
	 */
	private static function there(): array {
		if ( ! Connection::is_there() ) {
			return array();
		}
		$answer = Service::ask( 'checks' );
		$checks = isset( $answer->said['checks'] ) && is_array( $answer->said['checks'] ) ? $answer->said['checks'] : array();
		if ( ! $answer->is_good() ) {
			return array( self::check( __( 'Refund service', 'pef-refunds' ), false, $answer->trouble(), __( 'Check the address; ask whoever runs the service.', 'pef-refunds' ) ) );
		}
		return array_map( array( self::class, 'of_service' ), array_filter( $checks, 'is_array' ) );
	}

	/**
	 * REST keys work with pretty permalinks only.
	 */
	private static function permalinks(): array {
		$pretty = '' !== (string) get_option( 'permalink_structure' );
		return self::check(
			__( 'Permalinks', 'pef-refunds' ),
			$pretty,
			$pretty ? __( 'They are not "Plain".', 'pef-refunds' ) : __( 'They are "Plain", so the service\'s keys do not work.', 'pef-refunds' ),
			__( 'Choose anything but "Plain" at Settings › Permalinks.', 'pef-refunds' )
		);
	}

	/**
	 * Keys are sent over https only.
	 */
	private static function https(): array {
		$good = 0 === strpos( home_url(), 'https://' );
		return self::check(
			__( 'https', 'pef-refunds' ),
			$good,
			home_url(),
			__( 'Install a certificate, then change both addresses at Settings › General to https.', 'pef-refunds' )
		);
	}

	/**
	 * WooCommerce hands its keys to https addresses only.
	 */
	private static function service_https(): array {
		$address = Settings::address();
		return self::check(
			__( 'Service address', 'pef-refunds' ),
			0 === strpos( $address, 'https://' ),
			'' === $address ? __( 'It is empty.', 'pef-refunds' ) : $address,
			__( 'Enter the https address that you were given.', 'pef-refunds' )
		);
	}

	/**
	 * The chosen methods exist.
	 */
	private static function methods(): array {
		$chosen  = Settings::payment_methods();
		$missing = array_diff( $chosen, array_keys( WC()->payment_gateways()->payment_gateways() ) );
		return self::check(
			__( 'Payment methods', 'pef-refunds' ),
			$chosen && ! $missing,
			$chosen ? implode( ', ', $chosen ) : __( 'None is chosen.', 'pef-refunds' ),
			__( 'Choose the methods that take PagoEfectivo payments.', 'pef-refunds' )
		);
	}

	/**
	 * A method that refunds by itself would not be paid by us, rightly.
	 */
	private static function own_refunds(): array {
		$themselves = array();
		foreach ( WC()->payment_gateways()->payment_gateways() as $gateway ) {
			if ( in_array( $gateway->id, Settings::payment_methods(), true ) && in_array( 'refunds', (array) $gateway->supports, true ) ) {
				$themselves[] = $gateway->id;
			}
		}
		return self::check(
			__( 'Refunds by the method itself', 'pef-refunds' ),
			! $themselves,
			$themselves ? implode( ', ', $themselves ) : __( 'None of the chosen methods refunds by itself.', 'pef-refunds' ),
			__( 'What "Refund via" of such a method has paid is not paid again. Use "Refund manually" on its PagoEfectivo orders.', 'pef-refunds' )
		);
	}

	/**
	 * The webhooks are there and active. WooCommerce switches them off without a word.
	 */
	private static function webhooks(): array {
		$active = array();
		foreach ( Connection::webhooks() as $webhook ) {
			if ( 'active' === $webhook->get_status() ) {
				$active[ $webhook->get_topic() ] = true;
			}
		}
		$missing = array_diff( Connection::TOPICS, array_keys( $active ) );
		return self::check(
			__( 'Webhooks in this store', 'pef-refunds' ),
			! $missing,
			$missing ? implode( ', ', $missing ) : __( 'All three are active.', 'pef-refunds' ),
			__( 'Press Connect; the service makes them again.', 'pef-refunds' )
		);
	}

	/**
	 * How the service has to hand over its keys: some hosts strip the header.
	 *
	 * @return string header or query.
	 */
	public static function auth(): string {
		$chosen = (string) Settings::get( 'auth' );
		if ( 'auto' !== $chosen ) {
			return $chosen;
		}
		$response = wp_remote_post(
			admin_url( 'admin-ajax.php' ),
			array(
				'timeout' => 10,
				// phpcs:ignore WordPress.PHP.DiscouragedPHPFunctions -- the header's own coding.
				'headers' => array( 'Authorization' => 'Basic ' . base64_encode( 'pef:probe' ) ),
				'body'    => array( 'action' => self::PROBE ),
			)
		);
		$stripped = ! is_wp_error( $response ) && 'no' === trim( wp_remote_retrieve_body( $response ) );
		return $stripped ? 'query' : 'header';
	}

	/**
	 * Answers the probe: did the header arrive where WooCommerce looks for it?
	 */
	public static function answer_probe() {
		header( 'Content-Type: text/plain' );
		echo isset( $_SERVER['PHP_AUTH_USER'] ) && 'pef' === $_SERVER['PHP_AUTH_USER'] ? 'yes' : 'no';
		wp_die( '', '', array( 'response' => null ) );
	}

	/**
	 * One of the service's checks.
	 *
	 * @param array $said As it was answered.
	 */
	private static function of_service( array $said ): array {
		$text = static function ( $name ) use ( $said ) {
			return isset( $said[ $name ] ) && is_scalar( $said[ $name ] ) ? (string) $said[ $name ] : '';
		};
		return self::check( $text( 'name' ), ! empty( $said['passed'] ), $text( 'detail' ), $text( 'mend' ) );
	}

	/**
	 * One check.
	 *
	 * @param string $name   What was looked at.
	 * @param bool   $passed Whether it is right.
	 * @param string $detail What was found.
	 * @param string $mend   What to do if it is not.
	 */
	private static function check( string $name, bool $passed, string $detail, string $mend ): array {
		return array(
			'name'   => $name,
			'passed' => $passed,
			'detail' => $detail,
			'mend'   => $passed ? '' : $mend,
		);
	}
}
