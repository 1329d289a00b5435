<?php
/**
 * What ties this store to the service: webhooks and REST keys.
 *
 * @package Pef_Refunds
 */

namespace Pef_Refunds;

defined( 'ABSPATH' ) || exit;

/**
 * Finds the webhooks that the service made here. Their secret signs our own calls, so
 * that the plugin keeps no secret of its own.
 */
final class Connection {

	const TOPICS   = array( 'action.woocommerce_refund_created', 'action.woocommerce_refund_deleted', 'order.updated' );
	const APP_NAME = 'PagoEfectivo';

	/**
	 * The webhook that signs, once it has been looked for in this request.
	 *
	 * @var \WC_Webhook|false|null
	 */
	private static $signer = null;

	/**
	 * Whether the service has connected this store.
	 */
	public static function is_there(): bool {
		return null !== self::signer();
	}

	/**
	 * Forgets what was found, after something changed.
	 */
	public static function look_again() {
		self::$signer = null;
	}

	/**
	 * The service's name of this store, or an empty text.
	 */
	public static function store_id(): string {
		$signer = self::signer();
		return null === $signer ? '' : self::store_in( $signer->get_delivery_url(), Settings::address() );
	}

	/**
	 * The webhook whose secret signs our calls.
	 *
	 * @return \WC_Webhook|null
	 */
	public static function signer() {
		if ( null === self::$signer ) {
			self::$signer = false;
			foreach ( self::webhooks() as $webhook ) {
				if ( self::TOPICS[0] === $webhook->get_topic() && ( ! self::$signer || 'active' === $webhook->get_status() ) ) {
					self::$signer = $webhook;
				}
			}
		}
		return self::$signer ? self::$signer : null;
	}

	/**
	 * All webhooks of this store that lead to the service.
	 *
	 * @return \WC_Webhook[]
	 */
	public static function webhooks(): array {
		if ( '' === Settings::address() ) {
			return array();
		}
		$found = array();
		$ids   = \WC_Data_Store::load( 'webhook' )->search_webhooks( array( 'limit' => -1 ) );
		foreach ( $ids as $id ) {
			$webhook = wc_get_webhook( $id );
			if ( $webhook && '' !== self::store_in( $webhook->get_delivery_url(), Settings::address() ) ) {
				$found[] = $webhook;
			}
		}
		return $found;
	}

	/**
	 * The store's name in a delivery address, or an empty text if it leads elsewhere.
	 *
	 * @param string $url     A webhook's delivery address.
	 * @param string $address The service's address.
	 */
	public static function store_in( string $url, string $address ): string {
		$before = $address . '/webhooks/woocommerce/';
		if ( '' === $address || 0 !== strpos( $url, $before ) ) {
			return '';
		}
		$store = substr( $url, strlen( $before ) );
		return 1 === preg_match( '/\A[A-Za-z0-9._-]{1,100}\z/', $store ) ? $store : '';
	}

	/**
	 * Removes the webhooks and the REST keys that connecting has made.
	 *
	 * @param int[] $ids The webhooks as they were before the service removed its own.
	 */
	public static function remove( array $ids ) {
		foreach ( self::webhooks() as $webhook ) {
			$webhook->delete( true );
		}
		self::remove_deliveries( $ids );
		self::remove_keys();
		self::look_again();
	}

	/**
	 * The ids of the webhooks that lead to the service.
	 *
	 * @return int[]
	 */
	public static function webhook_ids(): array {
		$ids = array();
		foreach ( self::webhooks() as $webhook ) {
			$ids[] = $webhook->get_id();
		}
		return $ids;
	}

	/**
	 * Takes their waiting deliveries out of WooCommerce's queue, which would otherwise make
	 * an empty webhook for each.
	 *
	 * @param int[] $ids The webhooks.
	 */
	private static function remove_deliveries( array $ids ) {
		$waiting = as_get_scheduled_actions(
			array(
				'hook'     => 'woocommerce_deliver_webhook_async',
				'status'   => \ActionScheduler_Store::STATUS_PENDING,
				'per_page' => 1000,
			)
		);
		foreach ( $waiting as $job_id => $job ) {
			$args = $job->get_args();
			if ( isset( $args['webhook_id'] ) && in_array( (int) $args['webhook_id'], $ids, true ) ) {
				\ActionScheduler::store()->cancel_action( $job_id );
			}
		}
	}

	/**
	 * Removes the keys that WooCommerce named after the service when the owner approved.
	 */
	private static function remove_keys() {
		global $wpdb;
		$like = $wpdb->esc_like( self::APP_NAME . ' - API (' ) . '%';
		// phpcs:ignore WordPress.DB.DirectDatabaseQuery -- WooCommerce offers no function that deletes keys.
		$wpdb->query( $wpdb->prepare( "DELETE FROM {$wpdb->prefix}woocommerce_api_keys WHERE description LIKE %s", $like ) );
	}
}
