<?php
/**
 * What the owner chose.
 *
 * @package Pef_Refunds
 */

namespace Pef_Refunds;

defined( 'ABSPATH' ) || exit;

/**
 * Reads the one option of this plugin. It is never autoloaded, and holds no secret.
 */
final class Settings {

	const OPTION = 'pef_refunds_settings';

	const DEFAULTS = array(
		'address'             => '',
		'payment_methods'     => array(),
		'transaction_id_from' => 'transaction_id',
		'auth'                => 'auto',
		'way'                 => 'manual',
		'hold_until_paid'     => 'yes',
		'on_failure'          => 'leave',
		'console'             => '',
	);

	/**
	 * One setting, or its default.
	 *
	 * @param string $name One of DEFAULTS.
	 * @return mixed
	 */
	public static function get( $name ) {
		$kept = get_option( self::OPTION, array() );
		$kept = is_array( $kept ) ? $kept : array();
		return isset( $kept[ $name ] ) && '' !== $kept[ $name ] ? $kept[ $name ] : self::DEFAULTS[ $name ];
	}

	/**
	 * The service's address without a slash at its end.
	 */
	public static function address(): string {
		return untrailingslashit( (string) self::get( 'address' ) );
	}

	/**
	 * The ids of the payment methods that take PagoEfectivo payments.
	 *
	 * @return string[]
	 */
	public static function payment_methods(): array {
		return array_values( array_filter( array_map( 'strval', (array) self::get( 'payment_methods' ) ) ) );
	}

	/**
	 * Whether mails and the status wait for the money.
	 */
	public static function holds(): bool {
		return 'yes' === self::get( 'hold_until_paid' );
	}

	/**
	 * Whether the order screen offers "Refund via …" that asks the service first.
	 */
	public static function native(): bool {
		return 'native' === self::get( 'way' );
	}

	/**
	 * Whether the refund record goes when a refund ends without paying.
	 */
	public static function deletes_failed(): bool {
		return 'delete' === self::get( 'on_failure' );
	}

	/**
	 * The CIP of an order, or an empty text.
	 *
	 * @param \WC_Order $order The order.
	 */
	public static function cip_of( $order ): string {
		$from = (string) self::get( 'transaction_id_from' );
		if ( 0 === strpos( $from, 'meta:' ) ) {
			$value = $order->get_meta( substr( $from, 5 ) );
			return is_scalar( $value ) ? (string) $value : '';
		}
		return (string) $order->get_transaction_id();
	}

	/**
	 * Where people look at one refund; an empty text while nothing is connected.
	 *
	 * @param string $our_id The service's name of the refund.
	 */
	public static function console_link( string $our_id ): string {
		$console = untrailingslashit( (string) self::get( 'console' ) );
		if ( '' === $console && '' !== self::address() ) {
			$console = self::address() . '/console';
		}
		return '' === $console || '' === $our_id ? '' : $console . '/refunds/' . rawurlencode( $our_id );
	}

	/**
	 * The page of these settings.
	 */
	public static function page(): string {
		return admin_url( 'admin.php?page=wc-settings&tab=integration&section=pef-refunds' );
	}
}
