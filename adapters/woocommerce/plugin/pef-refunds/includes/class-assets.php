<?php
/**
 * The script and the style of the admin screens.
 *
 * @package Pef_Refunds
 */

namespace Pef_Refunds;

defined( 'ABSPATH' ) || exit;

/**
 * Loads them on WooCommerce's screens, with the texts the script shows.
 */
final class Assets {

	/**
	 * Loads what the present screen needs.
	 */
	public static function load() {
		$screen = get_current_screen();
		if ( ! $screen || ! in_array( $screen->id, self::screens(), true ) ) {
			return;
		}
		wp_enqueue_style( 'pef-refunds', plugins_url( 'assets/admin.css', PEF_REFUNDS_FILE ), array(), PEF_REFUNDS_VERSION );
		wp_enqueue_script( 'pef-refunds', plugins_url( 'assets/admin.js', PEF_REFUNDS_FILE ), array( 'jquery' ), PEF_REFUNDS_VERSION, true );
		wp_localize_script( 'pef-refunds', 'pefRefunds', self::handed_over() );
	}

	/**
	 * The ids of the screens: orders in both storages, and the settings.
	 *
	 * @return string[]
	 */
	public static function screens(): array {
		$orders = function_exists( 'wc_get_page_screen_id' ) ? wc_get_page_screen_id( 'shop-order' ) : 'shop_order';
		return array_unique( array( $orders, 'shop_order', 'edit-shop_order', 'woocommerce_page_wc-settings', 'dashboard' ) );
	}

	/**
	 * What the script has to know.
	 */
	private static function handed_over(): array {
		return array(
			'url'          => admin_url( 'admin-ajax.php' ),
			'checks'       => Settings_Page::CHECKS,
			'checksNonce'  => wp_create_nonce( Settings_Page::CHECKS ),
			'box'          => Order_Screen::BOX,
			'boxNonce'     => wp_create_nonce( Order_Screen::BOX ),
			'sure'         => Deletion::warning() . "\n\n" . __( 'Delete it all the same?', 'pef-refunds' ),
			'setUp'        => __( 'The keys have been handed over; the service is setting things up.', 'pef-refunds' ),
			'disconnect'   => __( 'Disconnect this store? Refunds that you press afterwards are not paid.', 'pef-refunds' ),
			'checksFailed' => __( 'The checks could not be run; reload the page.', 'pef-refunds' ),
		);
	}
}
