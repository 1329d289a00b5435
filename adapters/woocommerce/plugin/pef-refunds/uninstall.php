<?php
/**
 * Leaves nothing behind: settings, webhooks, keys, jobs and the fields on orders.
 *
 * @package Pef_Refunds
 */

defined( 'WP_UNINSTALL_PLUGIN' ) || exit;

/**
 * Takes the webhooks' waiting deliveries out of the queue: for each of them WooCommerce
 * would make an empty webhook.
 *
 * @param string $like What the webhooks' addresses look like.
 */
function pef_refunds_forget_deliveries( $like ) {
	global $wpdb;
	// phpcs:disable WordPress.DB.DirectDatabaseQuery
	$ids = $wpdb->get_col( $wpdb->prepare( "SELECT webhook_id FROM {$wpdb->prefix}wc_webhooks WHERE delivery_url LIKE %s", $like ) );
	foreach ( $wpdb->get_var( "SHOW TABLES LIKE '{$wpdb->prefix}actionscheduler\_actions'" ) ? $ids : array() as $id ) {
		$wpdb->query( $wpdb->prepare( "DELETE FROM {$wpdb->prefix}actionscheduler_actions WHERE hook = 'woocommerce_deliver_webhook_async' AND status = 'pending' AND args LIKE %s", '{"webhook_id":' . (int) $id . ',%' ) );
	}
	// phpcs:enable
}

/**
 * Cleans one site.
 */
function pef_refunds_clean() {
	global $wpdb;
	$settings = get_option( 'pef_refunds_settings', array() );
	$address  = is_array( $settings ) && ! empty( $settings['address'] ) ? untrailingslashit( $settings['address'] ) : '';
	$exists   = static function ( $table ) use ( $wpdb ) {
		// phpcs:ignore WordPress.DB.DirectDatabaseQuery
		return $wpdb->get_var( $wpdb->prepare( 'SHOW TABLES LIKE %s', $wpdb->esc_like( $table ) ) ) === $table;
	};
	$meta     = $wpdb->esc_like( '_pef_' ) . '%';
	// WooCommerce may be gone already, so its classes are not used here.
	// phpcs:disable WordPress.DB.DirectDatabaseQuery
	if ( '' !== $address && $exists( $wpdb->prefix . 'wc_webhooks' ) ) {
		pef_refunds_forget_deliveries( $wpdb->esc_like( $address . '/webhooks/woocommerce/' ) . '%' );
		$wpdb->query( $wpdb->prepare( "DELETE FROM {$wpdb->prefix}wc_webhooks WHERE delivery_url LIKE %s", $wpdb->esc_like( $address . '/webhooks/woocommerce/' ) . '%' ) );
	}
	if ( $exists( $wpdb->prefix . 'woocommerce_api_keys' ) ) {
		$wpdb->query( $wpdb->prepare( "DELETE FROM {$wpdb->prefix}woocommerce_api_keys WHERE description LIKE %s", $wpdb->esc_like( 'PagoEfectivo - API (' ) . '%' ) );
	}
	if ( $exists( $wpdb->prefix . 'wc_orders_meta' ) ) {
		$wpdb->query( $wpdb->prepare( "DELETE FROM {$wpdb->prefix}wc_orders_meta WHERE meta_key LIKE %s", $meta ) );
	}
	$wpdb->query( $wpdb->prepare( "DELETE m FROM {$wpdb->postmeta} m JOIN {$wpdb->posts} p ON p.ID = m.post_id WHERE m.meta_key LIKE %s AND p.post_type IN ('shop_order', 'shop_order_refund', 'shop_order_placehold')", $meta ) );
	if ( $exists( $wpdb->prefix . 'actionscheduler_actions' ) ) {
		$wpdb->query( $wpdb->prepare( "DELETE FROM {$wpdb->prefix}actionscheduler_actions WHERE hook LIKE %s", $wpdb->esc_like( 'pef_refunds_' ) . '%' ) );
	}
	// phpcs:enable
	delete_option( 'pef_refunds_settings' );
	delete_transient( 'pef_refunds_welcome' );
	delete_transient( 'pef_refunds_attention' );
	wp_cache_flush();
}

if ( is_multisite() ) {
	foreach ( get_sites(
		array(
			'fields' => 'ids',
			'number' => 0,
		)
	) as $pef_refunds_site ) {
		switch_to_blog( $pef_refunds_site );
		pef_refunds_clean();
		restore_current_blog();
	}
} else {
	pef_refunds_clean();
}
