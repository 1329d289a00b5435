<?php
/**
 * Starts the parts of the plugin.
 *
 * @package Pef_Refunds
 */

namespace Pef_Refunds;

defined( 'ABSPATH' ) || exit;

/**
 * Owns the order in which things start. Decides nothing about refunds.
 */
final class Plugin {

	const OLDEST_WOOCOMMERCE = '8.2';

	/**
	 * Hooks what must be hooked before WooCommerce is there.
	 */
	public static function start() {
		add_action( 'before_woocommerce_init', array( self::class, 'declare_compatible' ) );
		add_action( 'plugins_loaded', array( self::class, 'begin' ), 20 );
		add_action( 'init', array( self::class, 'load_texts' ), -10 );
		register_activation_hook( PEF_REFUNDS_FILE, array( self::class, 'activate' ) );
		register_deactivation_hook( PEF_REFUNDS_FILE, array( self::class, 'deactivate' ) );
	}

	/**
	 * Tells WooCommerce that orders are only touched through its own classes.
	 */
	public static function declare_compatible() {
		if ( class_exists( '\Automattic\WooCommerce\Utilities\FeaturesUtil' ) ) {
			\Automattic\WooCommerce\Utilities\FeaturesUtil::declare_compatibility( 'custom_order_tables', PEF_REFUNDS_FILE, true );
			\Automattic\WooCommerce\Utilities\FeaturesUtil::declare_compatibility( 'cart_checkout_blocks', PEF_REFUNDS_FILE, true );
		}
	}

	/**
	 * Starts every part, where WooCommerce is there and new enough.
	 */
	public static function begin() {
		if ( ! defined( 'WC_VERSION' ) || version_compare( WC_VERSION, self::OLDEST_WOOCOMMERCE, '<' ) ) {
			add_action( 'admin_notices', array( self::class, 'say_woocommerce_missing' ) );
			return;
		}
		$parts = array(
			Double_Press::class,
			Native_Way::class,
			Deliveries::class,
			Mails::class,
			Order_Status::class,
			Settling::class,
			Deletion::class,
			Settings_Page::class,
			Order_Screen::class,
			Order_List::class,
			Notices::class,
		);
		foreach ( $parts as $part ) {
			$part::hook();
		}
	}

	/**
	 * Loads the translations; every Spanish takes the Peruvian one.
	 */
	public static function load_texts() {
		$locale = determine_locale();
		$name   = 0 === strpos( $locale, 'es' ) ? 'es_PE' : $locale;
		$file   = dirname( PEF_REFUNDS_FILE ) . '/languages/pef-refunds-' . $name . '.mo';
		if ( is_readable( $file ) ) {
			load_textdomain( 'pef-refunds', $file );
		}
	}

	/**
	 * Makes the settings without autoloading them, and leads to the settings page once.
	 */
	public static function activate() {
		add_option( Settings::OPTION, array(), '', 'no' );
		set_transient( 'pef_refunds_welcome', 'yes', 60 );
	}

	/**
	 * Takes the plugin's own jobs out of the queue.
	 */
	public static function deactivate() {
		if ( function_exists( 'as_unschedule_all_actions' ) ) {
			as_unschedule_all_actions( Deliveries::JOB );
			as_unschedule_all_actions( Settling::SWEEP );
		}
	}

	/**
	 * Says why nothing works.
	 */
	public static function say_woocommerce_missing() {
		$text = __( 'PagoEfectivo Refunds needs WooCommerce 8.2 or newer.', 'pef-refunds' );
		echo '<div class="notice notice-error"><p>' . esc_html( $text ) . '</p></div>';
	}
}
